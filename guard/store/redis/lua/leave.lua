-- Forget an agent that stops in order, and remember that it did: nothing of it runs any more.
-- KEYS 1 agents  2 seen  3 acks  4 reports (hashes)  5 waiting (set)  6 departed (hash)
-- ARGV 1 agent id  2 seconds to remember
for i = 1, 4 do redis.call('HDEL', KEYS[i], ARGV[1]) end
redis.call('SREM', KEYS[5], ARGV[1])
redis.call('HSET', KEYS[6], ARGV[1], 1)
redis.call('EXPIRE', KEYS[6], ARGV[2])
return 1
