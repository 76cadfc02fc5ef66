-- May a delivery run that comes again? Not when the broker has confirmed a parked copy of it: that one runs.
-- KEYS: mark of the delivery.  ARGV: prefix of the keys of claims, who asks, seconds to keep
local mark = redis.call('GET', KEYS[1])
if not mark then return 1 end
local claim = ARGV[1] .. string.match(mark, ' (.*)$')
local holder = redis.call('GET', claim)
if holder then return holder == ARGV[2] and 1 or 0 end
if string.sub(mark, 1, 7) == 'parked ' then return 0 end
redis.call('SET', claim, ARGV[2], 'EX', ARGV[3])
return 1
