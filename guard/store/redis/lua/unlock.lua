-- Give a lock back, or make it last longer, if it is still ours.
-- KEYS 1 lock (string)   ARGV 1 token  2 ms to last, or "0" to give it back
-- Reply 1 when it was ours.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
