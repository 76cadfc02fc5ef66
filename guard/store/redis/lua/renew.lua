-- Register or renew an agent and read the state, in one step: an agent that joins between a read
-- and a registration would be missed by the barrier (model: docs/model/barrier.pml).
-- KEYS 1 state (hash)  2 agents (hash)  3 seen (hash)  4 registry (hash)  5 reports (hash)
--      6 acks (hash)  7 waiting (set)
-- ARGV 1 agent id  2 card, or "" to keep the one told before  3 report, or ""  4 server id
--      5 ms after which a silent agent is forgotten  6 epoch that the report is about, or ""
-- Reply {record or "", card wanted 0/1}
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local registry = redis.call('HMGET', KEYS[4], 'server', 'checked')
if registry[1] ~= ARGV[4] then
  -- another server process: what it knows may have gaps, so its registry is as young as this moment
  redis.call('HSET', KEYS[4], 'server', ARGV[4], 'born', ms)
end
if ms - (tonumber(registry[2] or '0') or 0) > 10000 then
  redis.call('HSET', KEYS[4], 'checked', ms)
  local seen = redis.call('HGETALL', KEYS[3])
  for i = 1, #seen, 2 do
    if ms - (tonumber(seen[i + 1]) or 0) > tonumber(ARGV[5]) then
      redis.call('HDEL', KEYS[2], seen[i])
      redis.call('HDEL', KEYS[3], seen[i])
      redis.call('HDEL', KEYS[5], seen[i])
      redis.call('HDEL', KEYS[6], seen[i])
      redis.call('SREM', KEYS[7], seen[i])
      redis.call('HSET', KEYS[4], 'pruned', ms)
    end
  end
end
local wanted = 0
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
elseif redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then
  wanted = 1
end
redis.call('HSET', KEYS[3], ARGV[1], ms)
-- a renewal may arrive late, when its sender has long reported about another epoch
local about = ARGV[6] == '' or ARGV[6] == redis.call('HGET', KEYS[1], 'epoch')
if ARGV[3] ~= '' and about then redis.call('HSET', KEYS[5], ARGV[1], ARGV[3]) end
return {redis.call('HGET', KEYS[1], 'record') or '', wanted}
