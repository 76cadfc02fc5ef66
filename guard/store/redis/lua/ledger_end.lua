-- A job has ended. Answers 1 when it had been given up as lost. Where a second delivery of it was parked, the end
-- is remembered, so that the copy is dropped.
-- KEYS: ledger, running, suspected, lost, seconds.  ARGV: id, prefix of the waiting lists, prefix of ended, seconds
local entry = redis.call('HGET', KEYS[1], ARGV[1])
if entry then
    redis.call('ZREM', ARGV[2] .. cjson.decode(entry)['queue'], ARGV[1])
end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
local publication = redis.call('HGET', KEYS[5], ARGV[1])
if publication then
    redis.call('SET', ARGV[3] .. publication, 1, 'EX', ARGV[4])
    redis.call('HDEL', KEYS[5], ARGV[1])
end
return redis.call('HDEL', KEYS[4], ARGV[1])
