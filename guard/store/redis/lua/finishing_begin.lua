-- Enter a step, unless the window takes none any more.
-- KEYS: steps of the window, its end.  ARGV: token, step, seconds to keep
if redis.call('EXISTS', KEYS[2]) == 1 then
    return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
