-- Where the acknowledgements stand.
-- KEYS 1 state (hash)  2 waiting (set)  3 registry (hash)
-- Reply {epoch or -1, pending, registry age in ms or -1, server id}
-- Nobody has this id: it changes nothing, and a server that takes no writes any more refuses it. What such a
-- server says about acknowledgements proves nothing, since agents renew elsewhere.
redis.call('SREM', KEYS[2], '')
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local registry = redis.call('HMGET', KEYS[3], 'born', 'pruned', 'server')
local age = -1
-- what is no number was not written by us: then the registry is as young as this moment
if registry[1] then age = ms - math.max(tonumber(registry[1]) or ms, tonumber(registry[2] or '0') or ms) end
return {(tonumber(redis.call('HGET', KEYS[1], 'epoch') or '-1') or -1), redis.call('SCARD', KEYS[2]), age, registry[3] or ''}
