-- What wrk sends. From the environment:
--   LOAD_METHOD, LOAD_PATH, LOAD_BODY, LOAD_TOKEN; a {name} in path or body stands for a
--   random line of the file LOAD_FILE_name. LOAD_PREFIX: each request gets the header
--   Idempotency-Key of this prefix and a counter.
-- Prints one line when done: requests, microseconds, p50, p99, failed answers, broken connections.
local env = os.getenv
local values = {}

local function pick(name)
  local list = values[name]
  if not list then
    list = {}
    for line in io.lines((env("LOAD_FILE_" .. name))) do list[#list + 1] = line end
    values[name] = list
  end
  return list[math.random(#list)]
end

local method, path, body = env("LOAD_METHOD"), env("LOAD_PATH"), env("LOAD_BODY")
local prefix, count = env("LOAD_PREFIX"), 0
local headers = { ["Content-Type"] = "application/json" }
if env("LOAD_TOKEN") then headers["Authorization"] = "Bearer " .. env("LOAD_TOKEN") end

function init() math.randomseed(tonumber(env("LOAD_SEED"))) end

function request()
  if prefix then
    count = count + 1
    headers["Idempotency-Key"] = prefix .. count
  end
  return wrk.format(method, (path:gsub("{(%w+)}", pick)), headers, body and (body:gsub("{(%w+)}", pick)))
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.status, e.connect + e.read + e.write + e.timeout))
end
