-- Forget an agent that stops in order.
-- KEYS 1 agents  2 seen  3 acks  4 reports (hashes)  5 waiting (set)
-- ARGV 1 agent id
for i = 1, 4 do redis.call('HDEL', KEYS[i], ARGV[1]) end
redis.call('SREM', KEYS[5], ARGV[1])
return 1
