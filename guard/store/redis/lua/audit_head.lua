-- Keep a newer head of the journal, unless somebody was faster.
-- KEYS 1 head (string)
-- ARGV 1 what was there, "" for nothing  2 what is to be there
-- Reply 1 when it is there now, else 0
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
