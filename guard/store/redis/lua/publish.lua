-- Write a state if its epoch is greater, and start a new round of acknowledgements.
-- KEYS 1 state (hash)  2 agents (hash)  3 waiting (set)  4 reports (hash)  5 registry (hash)
-- ARGV 1 epoch  2 record  3 wake channel  4 server id  5 expected epoch; "" for "any smaller"; "any"
-- Reply {written 0/1, epoch found before}. Time comes from the server's TIME.
local epoch = tonumber(ARGV[1])
local found = -1
if ARGV[5] == 'any' then
  redis.call('DEL', KEYS[1])  -- it may hold anything, of any type
else
  found = tonumber(redis.call('HGET', KEYS[1], 'epoch') or '-1') or -1
  if ARGV[5] ~= '' then
    if found ~= tonumber(ARGV[5]) then return {0, found} end
  elseif found >= epoch then
    return {0, found}
  end
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'record', ARGV[2])
if redis.call('HGET', KEYS[5], 'server') ~= ARGV[4] then
  local now = redis.call('TIME')
  redis.call('HSET', KEYS[5], 'server', ARGV[4], 'born', now[1] * 1000 + math.floor(now[2] / 1000))
end
redis.call('DEL', KEYS[3], KEYS[4])
local agents = redis.call('HKEYS', KEYS[2])
for first = 1, #agents, 1000 do
  redis.call('SADD', KEYS[3], unpack(agents, first, math.min(first + 999, #agents)))
end
redis.call('PUBLISH', ARGV[3], ARGV[2])
return {1, found}
