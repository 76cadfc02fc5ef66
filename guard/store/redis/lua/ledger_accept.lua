-- Enter a job. A retry is entered again, perhaps for another queue.
-- KEYS: ledger, queues, running, suspected.  ARGV: id, entry, queue, accepted at, prefix of the waiting lists
local before = redis.call('HGET', KEYS[1], ARGV[1])
if before then
    redis.call('ZREM', ARGV[5] .. cjson.decode(before)['queue'], ARGV[1])
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('SADD', KEYS[2], ARGV[3])
redis.call('ZADD', ARGV[5] .. ARGV[3], ARGV[4], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
return 1
