-- The broker has confirmed a parked copy: list it, unless its original is to run by now.
-- KEYS: mark of the delivery, claim, parked jobs.  ARGV: the original's claim, mark or "", seconds to keep, task id, entry
if redis.call('GET', KEYS[2]) == ARGV[1] then return 0 end
if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
redis.call('HSET', KEYS[3], ARGV[4], ARGV[5])
return 1
