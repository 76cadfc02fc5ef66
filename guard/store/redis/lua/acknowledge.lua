-- Record an agent's word that its gate follows an epoch.
-- KEYS 1 state (hash)  2 acks (hash)  3 waiting (set)  4 reports (hash)  5 agents (hash)
-- ARGV 1 agent id  2 epoch  3 report  4 channel for "all have acknowledged", and for later reports
-- Reply: how many are still waited for, or -1 when the epoch is not the current one.
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[2] then return -1 end
if redis.call('HEXISTS', KEYS[5], ARGV[1]) == 0 then return -1 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[4], ARGV[1], ARGV[3])
redis.call('SREM', KEYS[3], ARGV[1])
local pending = redis.call('SCARD', KEYS[3])
if pending == 0 then redis.call('PUBLISH', ARGV[4], ARGV[2]) end
return pending
