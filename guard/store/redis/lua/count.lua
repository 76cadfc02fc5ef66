-- Add to the counters of a window, and to those of all windows. A batch that came before is not added again.
-- KEYS 1 counters of the window, 2 figures (hashes)
-- ARGV 1 field that says which batch of its sender came last, "" for a batch that has no number  2 its number
--      3 prefix of the fields of figures  4 seconds to keep  5, 6 and so on: name, how much
-- Reply 1 when it was added, else 0
if ARGV[1] ~= '' then
  if (tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0') or 0) >= tonumber(ARGV[2]) then return 0 end
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
for i = 5, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
  redis.call('HINCRBY', KEYS[2], ARGV[3] .. ARGV[i], ARGV[i + 1])
end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
