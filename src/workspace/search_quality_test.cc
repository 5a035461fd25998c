// How well searches find what answers a question: the project's documentation, and questions
// with the file that answers each (tests/search/questions.tsv).
#include <cmath>
#include <filesystem>
#include <fstream>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/blocking_pool.h"
#include "embedding/hashing_embedder.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "testing/manual_clock.h"
#include "workspace/importer.h"
#include "workspace/vectors/vector_worker.h"

namespace baton::workspace {
namespace {

constexpr std::size_t kJudgedHits = 10;
// docs/search.md says what was measured. The corpus changes with every edit of a document, so there
// is room below it.
constexpr double kLeastNdcg = 0.7;
// One question's answer that changes places with the next.
constexpr double kNoise = 0.01;

struct LabelledQuestion {
  std::string text;
  std::filesystem::path answer;
};

std::vector<LabelledQuestion> LoadQuestions() {
  std::vector<LabelledQuestion> questions;
  std::ifstream file("tests/search/questions.tsv");
  for (std::string line; std::getline(file, line);) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos) continue;
    questions.push_back(
        {line.substr(0, tab), std::filesystem::absolute(line.substr(tab + 1)).lexically_normal()});
  }
  return questions;
}

std::vector<std::filesystem::path> FindDocumentation() {
  std::vector<std::filesystem::path> files;
  for (const char* folder : {"docs", "src", "bench"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".md") {
        files.push_back(std::filesystem::absolute(entry.path()));
      }
    }
  }
  files.push_back(std::filesystem::absolute("README.md"));
  files.push_back(std::filesystem::absolute("CONTRIBUTING.md"));
  return files;
}

class SearchQualityTest : public ::testing::TestWithParam<storage::Dialect> {};

INSTANTIATE_TEST_SUITE_P(, SearchQualityTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& info) {
                           return info.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

// With one right document for a question, its gain is 1 / log2(1 + place) and the ideal is 1.
double Ndcg(DocumentStore& store, const std::vector<LabelledQuestion>& questions,
            std::string_view way) {
  double gain = 0;
  std::size_t first = 0;
  for (const LabelledQuestion& question : questions) {
    EXPECT_TRUE(std::filesystem::exists(question.answer)) << question.answer;
    const auto hits =
        async::BlockOn(store.Search("reader", {.text = question.text, .limit = kJudgedHits}));
    EXPECT_TRUE(hits) << hits.error().ToString();
    std::size_t place = 0;
    for (std::size_t i = 0; i < hits->size() && place == 0; ++i) {
      if ((*hits)[i].document.path == question.answer.string()) place = i + 1;
    }
    if (place > 0) gain += 1 / std::log2(1.0 + static_cast<double>(place));
    if (place == 1) ++first;
    if (place != 1) fmt::print("  place {}: {}\n", place, question.text);
  }
  const double ndcg = gain / static_cast<double>(questions.size());
  fmt::print("{}: nDCG@{} {:.3f}, {} of {} first\n", way, kJudgedHits, ndcg, first,
             questions.size());
  return ndcg;
}

TEST_P(SearchQualityTest, FindsTheDocumentThatAnswers) {
  const std::vector<LabelledQuestion> questions = LoadQuestions();
  ASSERT_GE(questions.size(), 40U);
  baton::testing::ManualClock clock;
  IdGenerator ids(clock, 1);
  MetricsRegistry metrics;
  storage::testing::FreshDatabase fresh(GetParam());
  auto database = storage::OpenDatabase(fresh.address(), metrics);
  ASSERT_TRUE(database) << database.error().ToString();
  auto store = async::BlockOn(DocumentStore::Open(**database, clock, ids));
  ASSERT_TRUE(store) << store.error().ToString();
  async::BlockingPool pool("files", 1);
  const auto report = async::BlockOn(Import(**store, pool, "reader", FindDocumentation()));
  ASSERT_TRUE(report) << report.error().ToString();
  embedding::HashingEmbedder embedder;
  vectors::VectorSearch alike(**database, embedder, clock, metrics, vectors::HashingOptions());
  vectors::VectorWorker worker(**database, embedder, clock, metrics, &alike);
  const double by_words = Ndcg(**store, questions, "words");
  ASSERT_TRUE(async::BlockOn(worker.TakeOver()).ok());
  for (std::size_t done = 1; done > 0; done = *async::BlockOn(worker.EmbedDue())) {
  }
  (*store)->UseVectors(alike);
  const double hybrid = Ndcg(**store, questions, "words and vectors");
  EXPECT_GE(by_words, kLeastNdcg);
  EXPECT_GE(hybrid, by_words - kNoise);
}

}  // namespace
}  // namespace baton::workspace
