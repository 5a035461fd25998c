#include "main/settings.h"

#include <unistd.h>

#include <fstream>

#include <gtest/gtest.h>

#include "json/json.h"
#include "main/database_address.h"

namespace baton::app {
namespace {

class SettingsFile {
 public:
  explicit SettingsFile(const std::string& text)
      : path_(std::filesystem::temp_directory_path() /
              ("baton-settings-" + std::to_string(getpid()) + ".yaml")) {
    std::ofstream(path_) << text;
  }
  ~SettingsFile() { std::filesystem::remove(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

const char* NoEnvironment(const char*) { return nullptr; }

const char* SomeEnvironment(const char* name) {
  const std::string_view wanted = name;
  if (wanted == "GRPC_PORT") return "7000";
  if (wanted == "OPENAI_API_KEY") return "sk-secret";
  if (wanted == "BATON_USER") return "";
  return nullptr;
}

TEST(Settings, FlagsWinOverEnvironmentOverFileOverDefaults) {
  const SettingsFile file("grpc:\n  port: 6000\nhttp.port: 6001\nuser: ann\n");
  const auto settings = Settings::Load(file.path(), SomeEnvironment, {{"http.port", "8000"}});
  ASSERT_TRUE(settings.has_value()) << settings.error().ToString();
  EXPECT_EQ(settings->Port("grpc.port"), 7000);
  EXPECT_EQ(settings->Port("http.port"), 8000);
  EXPECT_EQ(settings->Port("tools.port"), 50052);
  EXPECT_EQ(settings->Text("user"), "ann") << "an empty variable counts as not set";
}

TEST(Settings, FindsVariablesThatSetNothing) {
  const char* const environment[] = {"BATON_SERVRE=x", "PATH=/bin", "BATON_USER=ann",
                                     "BATON_QUITE_ANOTHER=1", nullptr};
  const std::vector<UnknownVariable> unknown = UnknownVariables(environment);
  ASSERT_EQ(unknown.size(), 2U);
  EXPECT_EQ(unknown[0].name, "BATON_QUITE_ANOTHER");
  EXPECT_EQ(unknown[0].meant, "");
  EXPECT_EQ(unknown[1].name, "BATON_SERVRE");
  EXPECT_EQ(unknown[1].meant, "BATON_SERVER");
}

TEST(Settings, DescribeNamesOriginsAndMasksSecrets) {
  const SettingsFile file("\nuser: ann\n");
  const auto settings = Settings::Load(file.path(), SomeEnvironment, {});
  ASSERT_TRUE(settings.has_value());
  const std::string text = settings->Describe();
  EXPECT_EQ(text.find("sk-secret"), std::string::npos);
  EXPECT_NE(text.find("********"), std::string::npos);
  EXPECT_NE(text.find("# environment GRPC_PORT"), std::string::npos) << text;
  EXPECT_NE(text.find(file.path().string() + ":2"), std::string::npos) << text;
  EXPECT_EQ(settings->DescribeAsJson().find("sk-secret"), std::string::npos);
  EXPECT_TRUE(json::Parse(settings->DescribeAsJson()).has_value());
}

TEST(Settings, AMistakeInTheFileIsNamedWithItsLineAndTheNearestSetting) {
  const SettingsFile file("user: ann\ngrpc:\n  prot: 1\n");
  const auto settings = Settings::Load(file.path(), NoEnvironment, {});
  ASSERT_FALSE(settings.has_value());
  EXPECT_EQ(settings.error().message(),
            file.path().string() + ":3: unknown setting 'grpc.prot': did you mean 'grpc.port'?");
}

TEST(Settings, AKeyThatComesCloseToNoneIsAnsweredWithAllThereAre) {
  const SettingsFile file("colour_of_the_sky: blue\n");
  const auto settings = Settings::Load(file.path(), NoEnvironment, {});
  ASSERT_FALSE(settings.has_value());
  const std::string& message = settings.error().message();
  EXPECT_EQ(message.find("did you mean"), std::string::npos) << message;
  EXPECT_NE(message.find("the settings are data, database, "), std::string::npos) << message;
}

TEST(Settings, ValuesAreCheckedWhereTheyWereGiven) {
  const SettingsFile file("grpc.port: 70000\n");
  EXPECT_NE(Settings::Load(file.path(), NoEnvironment, {}).error().message().find("70000"),
            std::string::npos);
  const SettingsFile empty("");
  EXPECT_EQ(Settings::Load(empty.path(), NoEnvironment, {{"log.level", "loud"}}).error().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(Settings::Load("/nowhere/baton.yaml", NoEnvironment, {}).error().code(),
            Code::kNotFound);
}

TEST(Settings, SayHowPatientToBeWithPostgres) {
  const SettingsFile file("postgres:\n  lock_timeout_ms: 50\n");
  const auto settings = Settings::Load(file.path(), NoEnvironment, {});
  ASSERT_TRUE(settings.has_value()) << settings.error().ToString();
  const storage::PostgresLimits limits = PostgresLimits(*settings);
  EXPECT_EQ(limits.lock_timeout.count(), 50);
  EXPECT_EQ(limits.statement_timeout, storage::PostgresLimits().statement_timeout);
  EXPECT_EQ(limits.reply_timeout, storage::PostgresLimits().reply_timeout);
}

TEST(Settings, SayWhichFileIsTheDatabase) {
  const auto file_of = [](const std::string& text) {
    const SettingsFile file(text);
    return SqliteFile(*Settings::Load(file.path(), NoEnvironment, {}));
  };
  EXPECT_EQ(file_of("data: /var/baton\n"), "/var/baton/baton.db");
  EXPECT_EQ(file_of("data: /x\ndatabase: sqlite:/var/baton/baton.db\n"), "/var/baton/baton.db");
  EXPECT_EQ(file_of("database: postgres://db/baton\n"), std::nullopt);
}

TEST(Settings, YamlThatIsNoneIsReportedWithItsLine) {
  const SettingsFile file("user: ann\n  broken: [\n");
  const auto settings = Settings::Load(file.path(), NoEnvironment, {});
  ASSERT_FALSE(settings.has_value());
  EXPECT_NE(settings.error().message().find(file.path().string() + ":"), std::string::npos);
}

}  // namespace
}  // namespace baton::app
