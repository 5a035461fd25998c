#include "llm/offline/schema_filling.h"

#include <gtest/gtest.h>

#include "json/schema.h"
#include "llm/offline/schema_shape.h"

namespace baton::llm::offline {
namespace {

Evidence EvidenceOf(std::string question, std::string results = {}) {
  ChatRequest request;
  request.messages = {{.role = Role::kUser, .content = std::move(question)}};
  if (!results.empty()) {
    request.messages.push_back({.role = Role::kAssistant, .tool_calls = {{"c", "search", {}}}});
    request.messages.push_back({.role = Role::kTool, .content = std::move(results)});
  }
  return GatherEvidence(request);
}

// The forms that agents, tools and generators of schemas use.
constexpr const char* kSchemas[] = {
    R"({"type":"object","properties":{"answer":{"type":"string"}},"required":["answer"]})",
    R"({"type":"object","additionalProperties":false,"required":["sufficient","queries","read"],
        "properties":{"sufficient":{"type":"boolean"},"missing":{"type":"string"},
        "queries":{"type":"array","items":{"type":"string"}},
        "read":{"type":"array","items":{"type":"integer"}}}})",
    R"({"type":"object","required":["agent","confidence"],"properties":{
        "agent":{"enum":["chat","research","weather"]},
        "confidence":{"type":"number","minimum":0,"maximum":1},
        "reason":{"type":"string","maxLength":12}}})",
    R"({"type":"array","minItems":2,"maxItems":3,"uniqueItems":true,
        "items":{"type":"string","minLength":3}})",
    R"({"type":"array","minItems":8,"uniqueItems":true,"items":{"type":"string","maxLength":4}})",
    R"({"type":"object","required":["a","b","c","d","e"],"properties":{
        "a":{"type":"integer","minimum":5,"multipleOf":4},"b":{"type":"number","exclusiveMinimum":1,
        "maximum":1.5},"c":{"const":7},"d":{"type":["null","string"]},"e":{"type":"null"}}})",
    R"({"anyOf":[{"type":"object","required":["x"],"properties":{"x":{"type":"integer"}}},
                 {"type":"null"}]})",
    R"({"oneOf":[{"type":"object","required":["kind"],"properties":{"kind":{"const":"a"}}},
                 {"type":"object","required":["kind"],"properties":{"kind":{"const":"b"}}}]})",
    R"({"allOf":[{"type":"object","required":["a"],"properties":{"a":{"type":"string"}}},
                 {"required":["b"],"properties":{"b":{"type":"integer","minimum":-3,
                  "maximum":-1}}}]})",
    R"({"definitions":{"node":{"type":"object","required":["name"],"properties":{
        "name":{"type":"string"},"children":{"type":"array","items":{"$ref":"#/definitions/node"}}}}},
        "$ref":"#/definitions/node"})",
    R"({"type":"object","required":["id","when","at"],"properties":{
        "id":{"type":"string","pattern":"^[a-z]+$"},"when":{"type":"string","format":"date"},
        "at":{"type":"string","format":"date-time"}}})",
    R"({"type":"object","required":["free"],"additionalProperties":{"type":"boolean"}})",
    R"({"type":"object","minProperties":2,"properties":{"only":{"type":"string"}}})",
    R"({"type":"array","items":[{"type":"string"},{"type":"integer"}],"minItems":2})",
    R"({"type":"array","contains":{"const":3},"minItems":1})",
    R"({"type":"object","required":["steps"],"properties":{"steps":{"type":"array","minItems":1,
        "items":{"type":"object","required":["title","n"],"additionalProperties":false,
        "properties":{"title":{"type":"string"},"n":{"type":"integer","minimum":1}}}}}})",
    R"({"type":"boolean"})",
    R"({"type":"string","enum":["yes","no"]})",
    R"({"type":"integer","minimum":10,"exclusiveMaximum":11})",
    R"({})",
};

TEST(OfflineSchema, EveryAnswerIsValid) {
  const Evidence evidences[] = {
      EvidenceOf(""),
      EvidenceOf("Wie groß ist der Mond? 😀 東京"),
      EvidenceOf("How large is the moon?",
                 "[3] Moon — m.md\nThe moon is 3,474 km large. It is grey."),
      EvidenceOf("How large is the moon?", "Nothing matches."),
  };
  for (const char* text : kSchemas) {
    const json::Value definition = *json::Parse(text);
    const json::Schema schema = *json::Schema::Compile(definition);
    for (const Evidence& evidence : evidences) {
      const Result<json::Value> value = FillSchema(definition, evidence);
      ASSERT_TRUE(value) << text << "\n" << value.error().ToString();
      EXPECT_TRUE(schema.Validate(*value).ok()) << text << "\n" << json::Serialize(*value);
    }
  }
}

TEST(OfflineSchema, FailsWhereNothingFits) {
  for (const char* text :
       {R"({"type":"string","pattern":"^Q{7}x[0-9]{9}$"})", R"({"not":{}})",
        R"({"type":"integer","minimum":3,"maximum":2})", R"({"type":"array","items":7})"}) {
    const Result<json::Value> value = FillSchema(*json::Parse(text), EvidenceOf("x"));
    ASSERT_FALSE(value) << text << json::Serialize(*value);
    EXPECT_EQ(value.error().code(), Code::kInvalidArgument);
    EXPECT_TRUE(value.error().message().contains("response_schema"));
  }
}

json::Value FilledJudgement(const Evidence& evidence) {
  return FillSchema(*json::Parse(kSchemas[1]), evidence).value();
}

TEST(OfflineSchema, JudgesByHowMuchOfTheQuestionIsCovered) {
  const json::Value enough =
      FilledJudgement(EvidenceOf("When was the heat pump serviced?",
                                 "[1] House — house.md\nThe heat pump was serviced in May."));
  EXPECT_TRUE(json::GetBool(enough, "sufficient"));
  const json::Value lacking = FilledJudgement(
      EvidenceOf("When was the heat pump serviced?", "[1] Roof — roof.md\nThe roof leaks."));
  EXPECT_FALSE(json::GetBool(lacking, "sufficient", true));
  EXPECT_EQ(json::GetString(lacking, "missing"), "heat pump serviced");
  EXPECT_EQ(lacking.at("queries").at(0), json::Value("heat pump serviced"));
}

TEST(OfflineSchema, WritesQueriesForWhatIsMissing) {
  const json::Value judged =
      FilledJudgement(EvidenceOf("Compare caching and sharding and batching in the reports",
                                 "[1] Report — r.md\nCaching helps reads."));
  EXPECT_FALSE(json::GetBool(judged, "sufficient", true));
  EXPECT_EQ(judged.at("queries").at(0), json::Value("sharding batching"));
}

TEST(OfflineSchema, ChoosesTheEnumerationByItsDescription) {
  ChatRequest request;
  request.messages = {
      {.role = Role::kSystem,
       .content = "Choose an agent.\n- chat: small talk and writing\n- research: questions "
                  "about documents and notes, with sources\n- weather: rain, sun, temperature"},
      {.role = Role::kUser, .content = "Which sources mention the garden?"}};
  const auto agent = [&](const char* question) {
    request.messages[1].content = question;
    return FillSchema(*json::Parse(kSchemas[2]), GatherEvidence(request))->at("agent");
  };
  EXPECT_EQ(agent("Which sources mention the garden?"), json::Value("research"));
  EXPECT_EQ(agent("Will the sun shine?"), json::Value("weather"));
  EXPECT_EQ(agent("weather in Kiel"), json::Value("weather"));
}

TEST(OfflineSchema, AnswersFromTheResults) {
  const Result<json::Value> value = FillSchema(
      *json::Parse(kSchemas[0]),
      EvidenceOf("How large is the moon?", "[3] Moon — m.md\nThe moon is 3,474 km large."));
  EXPECT_EQ(value->at("answer"), json::Value("The moon is 3,474 km large. [3]"));
}

TEST(OfflineSchemaShape, NumbersFitTheirBounds) {
  const auto fit = [](const char* schema, double wanted, bool whole) {
    return json::Serialize(FitNumber(json::Parse(schema)->get_object(), wanted, whole));
  };
  EXPECT_EQ(fit(R"({"minimum":3})", 0, true), "3");
  EXPECT_EQ(fit(R"({"minimum":2.5})", 0, true), "3");
  EXPECT_EQ(fit(R"({"maximum":7.5})", 100, true), "7");
  EXPECT_EQ(fit(R"({"minimum":3,"exclusiveMinimum":true})", 0, true), "4");
  EXPECT_EQ(fit(R"({"exclusiveMaximum":10})", 10, true), "9");
  EXPECT_EQ(fit(R"({"multipleOf":5,"minimum":11})", 0, true), "15");
  EXPECT_EQ(fit(R"({})", 4, true), "4");
}

TEST(OfflineSchemaShape, TextFitsItsLengthInCharacters) {
  const auto fit = [](const char* schema, std::string_view text) {
    return FitLength(json::Parse(schema)->get_object(), text);
  };
  EXPECT_EQ(fit(R"({"maxLength":2})", "äöü"), "äö");
  EXPECT_EQ(fit(R"({"minLength":4})", "äö"), "äö--");
  EXPECT_EQ(fit(R"({"maxLength":0})", "x"), "");
}

}  // namespace
}  // namespace baton::llm::offline
