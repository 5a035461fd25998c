#include "main/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

#include <yaml-cpp/yaml.h>

#include "base/check.h"
#include "base/log.h"
#include "base/nearest_name.h"
#include "base/read_file.h"
#include "json/json.h"

namespace baton::app {
namespace {

using Type = SettingSpec::Type;

constexpr std::array kSettings = {
    SettingSpec{"data", "BATON_DATA", "data", "folder of the database and everything else kept"},
    SettingSpec{"database", "BATON_DATABASE DATABASE_URL", "",
                "sqlite:PATH or postgres://…; empty: sqlite:DATA/baton.db", Type::kText, true},
    SettingSpec{"postgres.lock_timeout_ms", "BATON_POSTGRES_LOCK_TIMEOUT_MS", "10000",
                "longest wait for another transaction's lock; 0: for ever", Type::kNumber},
    SettingSpec{"postgres.statement_timeout_ms", "BATON_POSTGRES_STATEMENT_TIMEOUT_MS", "60000",
                "longest that a statement may take; 0: for ever", Type::kNumber},
    SettingSpec{"postgres.reply_timeout_ms", "BATON_POSTGRES_REPLY_TIMEOUT_MS", "90000",
                "longest silence of the server while it owes an answer; 0: for ever",
                Type::kNumber},
    SettingSpec{"agents", "BATON_AGENTS", "", "folder of agent files; empty: found beside baton"},
    SettingSpec{"http.address", "BATON_HTTP_ADDRESS", "127.0.0.1", "where HTTP listens"},
    SettingSpec{"http.port", "BATON_HTTP_PORT", "3000", "health and metrics over HTTP; 0: any",
                Type::kPort},
    SettingSpec{"grpc.address", "BATON_GRPC_ADDRESS", "127.0.0.1",
                "where gRPC listens; beyond loopback a service_token is required"},
    SettingSpec{"grpc.port", "BATON_GRPC_PORT GRPC_PORT", "50051", "OrchestratorService; 0: any",
                Type::kPort},
    SettingSpec{"tools.address", "BATON_TOOLS_ADDRESS", "127.0.0.1", "where ToolService listens"},
    SettingSpec{"tools.port", "BATON_TOOLS_PORT", "50052", "ToolService; 0: any", Type::kPort},
    SettingSpec{"tools.target", "BATON_TOOLS_TARGET", "127.0.0.1:50052",
                "HOST:PORT of the ToolService that `baton orchestrator` and `baton jobs` call"},
    SettingSpec{"metrics.port", "BATON_METRICS_PORT", "9464",
                "health and metrics of `baton orchestrator` and `baton backend`; 0: any",
                Type::kPort},
    SettingSpec{"service_token", "BATON_SERVICE_TOKEN", "",
                "callers must show it; it vouches for their user_id", Type::kText, true},
    SettingSpec{"model.default", "BATON_MODEL DEFAULT_MODEL", "",
                "the provider's model behind the alias 'default'"},
    SettingSpec{"model.fast", "BATON_FAST_MODEL FAST_MODEL", "",
                "the model behind the alias 'fast'; empty: the default one"},
    SettingSpec{"routing", "BATON_ROUTING", "model",
                "who chooses the agent: model (the fast one, if it is real) or offline"},
    SettingSpec{"titles", "BATON_TITLES", "model",
                "who gives conversations titles: model (the fast one, if it is real) or words"},
    SettingSpec{"runs.limit", "BATON_RUNS_LIMIT", "1000",
                "runs under way at once in this process, chat and tasks", Type::kNumber},
    SettingSpec{"runs.per_user", "BATON_RUNS_PER_USER", "50",
                "runs of one user under way at once in this process", Type::kNumber},
    SettingSpec{"runs.message_bytes", "BATON_RUNS_MESSAGE_BYTES", "1048576",
                "longest message of a user", Type::kNumber},
    SettingSpec{"runs.history_messages", "BATON_RUNS_HISTORY_MESSAGES", "200",
                "what of a conversation a turn begins with: its newest messages", Type::kNumber},
    SettingSpec{"runs.history_bytes", "BATON_RUNS_HISTORY_BYTES", "262144",
                "the same: as many of them as this holds", Type::kNumber},
    SettingSpec{"runs.tool_result_bytes", "BATON_RUNS_TOOL_RESULT_BYTES", "32768",
                "what of a tool's result a model is shown", Type::kNumber},
    SettingSpec{"runs.tokens", "BATON_RUNS_TOKENS", "2000000",
                "tokens that a run's model calls may cost", Type::kNumber},
    SettingSpec{"runs.seconds", "BATON_RUNS_SECONDS", "1800",
                "time that a run may take, waiting for answers not counted", Type::kNumber},
    SettingSpec{"tasks.workers", "BATON_TASKS_WORKERS", "16",
                "background tasks under way at once in this process; 0: none are run here",
                Type::kNumber},
    SettingSpec{"tasks.per_user", "BATON_TASKS_PER_USER", "4",
                "background tasks of one user under way at once", Type::kNumber},
    SettingSpec{"tasks.queue_per_user", "BATON_TASKS_QUEUE_PER_USER", "1000",
                "tasks of one user waiting to be run, and repeating or scheduled ones",
                Type::kNumber},
    SettingSpec{"tasks.queue", "BATON_TASKS_QUEUE", "100000",
                "tasks of all users waiting to be run", Type::kNumber},
    SettingSpec{"tasks.webhook_secret", "BATON_TASKS_WEBHOOK_SECRET", "",
                "signs the webhooks of tasks; empty: no task may have one", Type::kText, true},
    SettingSpec{"tasks.webhook_addresses", "BATON_TASKS_WEBHOOK_ADDRESSES", "",
                "private addresses that webhooks may go to: 10.1.0.0/16, 127.0.0.1:8080"},
    SettingSpec{"jobs.workers", "BATON_JOBS_WORKERS", "2",
                "imports, crawls and refreshes under way at once here; 0: none are run here",
                Type::kNumber},
    SettingSpec{"jobs.import_folders", "BATON_JOBS_IMPORT_FOLDERS", "",
                "folders, with ':' between them, that users may import from by StartJob"},
    SettingSpec{"permissions.file", "BATON_PERMISSIONS_FILE", "",
                "YAML file of rules: which tool calls are allowed, asked about, denied"},
    SettingSpec{"permissions.answer_seconds", "BATON_PERMISSIONS_ANSWER_SECONDS", "86400",
                "how long a question for permission is open; then it is denied", Type::kNumber},
    SettingSpec{"permissions.audit_days", "BATON_PERMISSIONS_AUDIT_DAYS", "365",
                "how long the audit of permissions is kept; 0: for ever", Type::kNumber},
    SettingSpec{"memory.per_user", "BATON_MEMORY_PER_USER", "1000",
                "memories and proposals of one user, at most 9000", Type::kNumber},
    SettingSpec{"admins", "BATON_ADMINS", "",
                "user ids, separated by commas, that may change everybody's feeds"},
    SettingSpec{"memory.per_turn", "BATON_MEMORY_PER_TURN", "8",
                "memories that an agent is told with a turn; 0: none", Type::kNumber},
    SettingSpec{"messages.file", "BATON_MESSAGES_FILE", "",
                "YAML file of the people and rooms that agents may send messages to"},
    SettingSpec{"runs.on_busy", "BATON_ON_BUSY", "enqueue",
                "a message while a run is under way: enqueue, reject, interrupt or rollback"},
    SettingSpec{"openai.api_key", "OPENAI_API_KEY", "", "key of the OpenAI-compatible provider",
                Type::kText, true},
    SettingSpec{"openai.base_url", "OPENAI_BASE_URL", "",
                "base URL of the provider; empty: https://api.openai.com/v1"},
    SettingSpec{"search.vectors", "BATON_SEARCH_VECTORS", "auto",
                "documents found by what they mean too: auto, or off: by words only"},
    SettingSpec{"search.memory_mb", "BATON_SEARCH_MEMORY_MB", "512",
                "memory for users' vectors; who has searched least recently goes first",
                Type::kNumber},
    SettingSpec{
        "embedding.model", "BATON_EMBEDDING_MODEL", "",
        "model that makes vectors, such as text-embedding-3-small; empty: one without a net"},
    SettingSpec{"embedding.dimensions", "BATON_EMBEDDING_DIMENSIONS", "1536",
                "numbers in each of its vectors", Type::kNumber},
    SettingSpec{"embedding.unrelated_percent", "BATON_EMBEDDING_UNRELATED_PERCENT", "25",
                "100 * cosine below which its vectors mean nothing alike", Type::kNumber},
    SettingSpec{"embedding.base_url", "BATON_EMBEDDING_URL", "",
                "base URL of an OpenAI-compatible embeddings API; empty: openai.base_url"},
    SettingSpec{"embedding.api_key", "BATON_EMBEDDING_API_KEY", "",
                "its key; empty: openai.api_key", Type::kText, true},
    SettingSpec{"images.model", "BATON_IMAGE_MODEL", "",
                "model that makes pictures, such as dall-e-3; empty: none are made"},
    SettingSpec{"images.base_url", "BATON_IMAGE_URL", "",
                "base URL of an OpenAI-compatible images API; empty: openai.base_url"},
    SettingSpec{"images.api_key", "BATON_IMAGE_API_KEY", "", "its key; empty: openai.api_key",
                Type::kText, true},
    SettingSpec{"weather.provider", "BATON_WEATHER_PROVIDER", "",
                "open-meteo or openweathermap; empty: the latter if there is a key"},
    SettingSpec{"weather.api_key", "OPENWEATHERMAP_API_KEY OPENWEATHER_API_KEY", "",
                "key of OpenWeatherMap; Open-Meteo needs none", Type::kText, true},
    SettingSpec{"weather.base_url", "BATON_WEATHER_URL", "",
                "base URL of the weather provider; empty: its public servers"},
    SettingSpec{"weather.units", "BATON_WEATHER_UNITS", "auto",
                "metric, imperial, or auto: as people of the place measure"},
    SettingSpec{"web.searxng_url", "SEARXNG_URL", "",
                "SearXNG server that the web is searched with; it must allow the json format"},
    SettingSpec{"web.brave_api_key", "BRAVE_API_KEY", "",
                "key of Brave Search, used where no SearXNG is set", Type::kText, true},
    SettingSpec{"web.brave_url", "BATON_BRAVE_URL", "https://api.search.brave.com/res/v1",
                "base URL of Brave Search"},
    SettingSpec{"web.user_agent", "BATON_WEB_USER_AGENT", "Mozilla/5.0 (compatible; baton)",
                "how Baton introduces itself to sites; robots.txt knows it as 'baton'"},
    SettingSpec{"web.delay_ms", "BATON_WEB_DELAY_MS", "1000",
                "pause between two requests to a site", Type::kNumber},
    SettingSpec{"web.allowed_addresses", "BATON_WEB_ALLOWED_ADDRESSES", "",
                "private addresses that pages may be fetched from: 10.1.0.0/16, 127.0.0.1:8080"},
    SettingSpec{"offline.token_delay_ms", "BATON_OFFLINE_TOKEN_DELAY_MS", "0",
                "pause of the offline model between words", Type::kNumber},
    SettingSpec{"timezone", "BATON_TIMEZONE", "",
                "where \"today\" is, such as Europe/Berlin, for org files; empty: the machine's"},
    SettingSpec{"threads", "BATON_THREADS", "0", "serving threads; 0: one per core", Type::kNumber},
    SettingSpec{"log.level", "BATON_LOG_LEVEL LOG_LEVEL", "info",
                "debug, info, warning, error or critical", Type::kLogLevel},
    SettingSpec{"server", "BATON_SERVER", "127.0.0.1:50051",
                "HOST:PORT that `baton chat` and `baton check` connect to"},
    SettingSpec{"user", "BATON_USER", "local", "whose documents and conversations"},
};

constexpr const char* kDefaultOrigin = "default";

const SettingSpec* FindSpec(std::string_view key) {
  const auto* found =
      std::find_if(kSettings.begin(), kSettings.end(), [&](const auto& s) { return s.key == key; });
  return found == kSettings.end() ? nullptr : found;
}

Status UnknownSetting(std::string_view key, const std::string& file, int line) {
  std::vector<std::string_view> keys;
  keys.reserve(std::size(kSettings));
  for (const SettingSpec& spec : kSettings) keys.push_back(spec.key);
  return Fail(Code::kInvalidArgument, "{}:{}: unknown setting '{}': {}", file, line, key,
              SuggestName(key, "the settings are", keys));
}

Status CheckNumber(std::string_view value, std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < 0 || number > most) {
    return Fail(Code::kInvalidArgument, "'{}' is not a number from 0 to {}", value, most);
  }
  return {};
}

Status CheckValue(const SettingSpec& spec, std::string_view value) {
  switch (spec.type) {
    case Type::kText:
      return {};
    case Type::kNumber:
      return CheckNumber(value, 1'000'000'000);
    case Type::kPort:
      return CheckNumber(value, 65535);
    case Type::kLogLevel:
      BATON_TRY(ParseLogLevel(value));
      return {};
  }
  return {};
}

using Values = std::map<std::string, SettingValue, std::less<>>;

Status Assign(Values& values, const SettingSpec& spec, std::string value, std::string origin) {
  if (Status status = CheckValue(spec, value); !status.ok()) {
    return std::move(status).Annotate(fmt::format("{}: setting '{}'", origin, spec.key));
  }
  values.insert_or_assign(std::string(spec.key), SettingValue{std::move(value), std::move(origin)});
  return {};
}

// `grpc: {port: 1}` and `grpc.port: 1` say the same.
Status AssignNode(Values& values, const std::string& prefix, const YAML::Node& node,
                  const std::string& file) {
  for (const auto& member : node) {
    const std::string key = prefix + member.first.as<std::string>();
    const int line = member.first.Mark().line + 1;
    if (member.second.IsMap()) {
      BATON_TRY(AssignNode(values, key + ".", member.second, file));
      continue;
    }
    const SettingSpec* spec = FindSpec(key);
    if (spec == nullptr) return UnknownSetting(key, file, line);
    if (!member.second.IsScalar() && !member.second.IsNull()) {
      return Fail(Code::kInvalidArgument, "{}:{}: '{}' must be a single value", file, line, key);
    }
    const std::string value = member.second.IsNull() ? "" : member.second.as<std::string>();
    BATON_TRY(Assign(values, *spec, value, fmt::format("file {}:{}", file, line)));
  }
  return {};
}

Status AssignFile(Values& values, const std::filesystem::path& path) {
  const Result<std::string> text = ReadFile(path);
  if (!text) return Status(text.error()).Annotate("configuration file");
  try {  // yaml-cpp reports by exception
    const YAML::Node root = YAML::Load(*text);
    if (root.IsNull()) return {};
    if (!root.IsMap()) {
      return Fail(Code::kInvalidArgument, "{}:1: must hold 'setting: value' lines", path.string());
    }
    return AssignNode(values, "", root, path.string());
  } catch (const YAML::Exception& e) {
    return Fail(Code::kInvalidArgument, "{}:{}: {}", path.string(), e.mark.line + 1, e.msg);
  }
}

Status AssignEnvironment(Values& values, const Settings::Environment& environment) {
  for (const SettingSpec& spec : kSettings) {
    std::istringstream names{std::string(spec.environment)};
    for (std::string name; names >> name;) {
      const char* value = environment(name.c_str());
      if (value == nullptr || *value == '\0') continue;
      BATON_TRY(Assign(values, spec, value, "environment " + name));
      break;
    }
  }
  return {};
}

std::string Shown(const SettingSpec& spec, const SettingValue& value) {
  return spec.secret && !value.value.empty() ? "********" : value.value;
}

}  // namespace

std::vector<UnknownVariable> UnknownVariables(const char* const* environment) {
  std::vector<std::string_view> known;
  for (const SettingSpec& spec : kSettings) {
    for (std::string_view rest = spec.environment; !rest.empty();) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      known.push_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  std::vector<UnknownVariable> unknown;
  for (; *environment != nullptr; ++environment) {
    const std::string_view variable = *environment;
    const std::string_view name = variable.substr(0, variable.find('='));
    if (!name.starts_with("BATON_") || std::ranges::find(known, name) != known.end()) continue;
    unknown.push_back({std::string(name), std::string(NearestName(name, known))});
  }
  std::ranges::sort(unknown, {}, &UnknownVariable::name);
  return unknown;
}

Result<Settings> Settings::Load(const std::filesystem::path& file, const Environment& environment,
                                const std::map<std::string, std::string>& flags) {
  Settings settings;
  for (const SettingSpec& spec : kSettings) {
    BATON_TRY(Assign(settings.values_, spec, std::string(spec.default_value), kDefaultOrigin));
  }
  const std::filesystem::path usual = "baton.yaml";
  std::error_code ignored;
  if (!file.empty() || std::filesystem::exists(usual, ignored)) {
    BATON_TRY(AssignFile(settings.values_, file.empty() ? usual : file));
  }
  BATON_TRY(AssignEnvironment(settings.values_, environment));
  for (const auto& [key, value] : flags) {
    const SettingSpec* spec = FindSpec(key);
    BATON_CHECK(spec != nullptr, "a flag for a setting that is not in the table: " + key);
    BATON_TRY(Assign(settings.values_, *spec, value, "command line"));
  }
  return settings;
}

const std::string& Settings::Text(std::string_view key) const {
  const auto found = values_.find(key);
  BATON_CHECK(found != values_.end(), "no such setting: " + std::string(key));
  return found->second.value;
}

bool Settings::IsDefault(std::string_view key) const {
  const auto found = values_.find(key);
  BATON_CHECK(found != values_.end(), "no such setting: " + std::string(key));
  return found->second.origin == kDefaultOrigin;
}

std::int64_t Settings::Number(std::string_view key) const { return std::stoll(Text(key)); }

std::uint16_t Settings::Port(std::string_view key) const {
  return static_cast<std::uint16_t>(Number(key));
}

Settings Settings::With(const std::map<std::string, std::string>& values,
                        const std::string& origin) const {
  Settings changed = *this;
  for (const auto& [key, value] : values) {
    const auto found = changed.values_.find(key);
    BATON_CHECK(found != changed.values_.end(), "no setting '" + key + "'");
    found->second = {.value = value, .origin = origin};
  }
  return changed;
}

std::string Settings::Describe() const {
  std::string out;
  for (const SettingSpec& spec : kSettings) {
    const SettingValue& value = values_.find(spec.key)->second;
    out += fmt::format("{:<31} {:<28} # {}\n", fmt::format("{}:", spec.key), Shown(spec, value),
                       value.origin);
  }
  return out;
}

std::string Settings::DescribeAsJson() const {
  json::Object out;
  for (const SettingSpec& spec : kSettings) {
    const SettingValue& value = values_.find(spec.key)->second;
    out[spec.key] = json::Object{{"value", Shown(spec, value)},
                                 {"origin", value.origin},
                                 {"environment", spec.environment},
                                 {"help", spec.help}};
  }
  return json::SerializePretty(out);
}

}  // namespace baton::app
