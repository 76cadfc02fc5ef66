-- When no step is left, take none from now on. Answers 1 when that is so.
-- KEYS: steps of the window, its end.  ARGV: seconds to keep
if redis.call('HLEN', KEYS[1]) > 0 then
    return 0
end
redis.call('SET', KEYS[2], 1, 'EX', ARGV[1])
return 1
