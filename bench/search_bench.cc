// Searches 100,000 chunks of one user by words, by vectors and by both, on SQLite and PostgreSQL,
// each in a fresh database of its own:
//
//   search_bench [chunks] [questions] [sqlite|postgres|any] [words]
//
// With `words` nothing is embedded, and only words are searched, which spares a minute.
//
// The text is made up: words of a Zipf distribution, spelt from syllables, with the same seed each
// time. A question has four words of one chunk, rare and common ones. Times are those of
// DocumentStore::Search() and VectorSearch::Find(), one question after the other, ten hits each.
// CPU is this process's, for one question on average: without that of PostgreSQL's server.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "base/check.h"
#include "embedding/hashing_embedder.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "workspace/document_store.h"
#include "workspace/vectors/vector_search.h"
#include "workspace/vectors/vector_worker.h"

namespace baton {
namespace {

constexpr const char* kReader = "reader";
constexpr std::size_t kVocabulary = 40'000;
constexpr std::size_t kWordsPerChunk = 120;
constexpr std::size_t kChunksPerDocument = 10;
constexpr std::size_t kDocumentsPerBatch = 32;
constexpr std::size_t kWarmUp = 50;

using SteadyClock = std::chrono::steady_clock;

double SecondsSince(SteadyClock::time_point began) {
  return std::chrono::duration<double>(SteadyClock::now() - began).count();
}

// Text of a made-up language.
class Writer {
 public:
  Writer() {
    const std::string consonants = "bcdfghklmnprstvz";
    const std::string vowels = "aeiou";
    for (std::size_t i = 0; i < kVocabulary; ++i) {
      std::string word;
      for (std::size_t rest = i + 80; rest > 0; rest /= 80) {
        word += consonants[rest % 16];
        word += vowels[rest / 16 % 5];
      }
      words_.push_back(std::move(word));
      total_ += 1.0 / static_cast<double>(i + 1);
      reach_.push_back(total_);
    }
  }

  std::string WriteChunk() {
    std::string text;
    for (std::size_t i = 0; i < kWordsPerChunk; ++i) text += PickWord() + " ";
    return text;
  }

  const std::string& PickWord() {
    const double at = std::uniform_real_distribution<>(0, total_)(random_);
    const auto found = std::ranges::lower_bound(reach_, at) - reach_.begin();
    return words_[std::min(static_cast<std::size_t>(found), kVocabulary - 1)];
  }

  std::mt19937& random() { return random_; }

 private:
  std::vector<std::string> words_;
  std::vector<double> reach_;
  double total_ = 0;
  std::mt19937 random_{1};
};

// Four words of a chunk, the longest, which are rarest, and two others.
std::string AskAbout(const std::string& chunk, std::mt19937& random) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < chunk.size();) {
    const std::size_t end = chunk.find(' ', at);
    words.push_back(chunk.substr(at, end - at));
    at = end + 1;
  }
  std::ranges::shuffle(words, random);
  std::sort(words.begin() + 2, words.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  return words[0] + " " + words[1] + " " + words[2] + " " + words[3];
}

std::vector<std::string> FillStore(workspace::DocumentStore& store, std::size_t chunks,
                                   std::size_t questions) {
  Writer writer;
  std::vector<std::string> asked;
  std::vector<workspace::ParsedDocument> batch;
  const std::size_t documents = chunks / kChunksPerDocument;
  const std::size_t every = std::max<std::size_t>(chunks / questions, 1);
  for (std::size_t number = 0; number < documents; ++number) {
    workspace::ParsedDocument document{.title = writer.PickWord() + " " + writer.PickWord(),
                                       .path = fmt::format("/bench/{}.txt", number),
                                       .content_type = "text/plain"};
    for (std::size_t i = 0; i < kChunksPerDocument; ++i) {
      workspace::Chunk chunk{.index = static_cast<std::int64_t>(i), .content = writer.WriteChunk()};
      chunk.begin = static_cast<std::int64_t>(document.content.size());
      document.content += chunk.content;
      chunk.end = static_cast<std::int64_t>(document.content.size());
      if ((number * kChunksPerDocument + i) % every == 0 && asked.size() < questions) {
        asked.push_back(AskAbout(chunk.content, writer.random()));
      }
      document.chunks.push_back(std::move(chunk));
    }
    batch.push_back(std::move(document));
    if (batch.size() < kDocumentsPerBatch && number + 1 < documents) continue;
    const auto put = async::BlockOn(
        store.PutMany(kReader, std::exchange(batch, {}), storage::Durability::kBuffered));
    BATON_CHECK(put.has_value(), put.error().ToString());
  }
  return asked;
}

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

template <typename Search>
void Measure(const std::string& database, const char* way,
             const std::vector<std::string>& questions, Search search) {
  std::vector<double> times;
  std::size_t found = 0;
  double cpu = 0;
  for (std::size_t i = 0; i < questions.size() + kWarmUp; ++i) {
    if (i == kWarmUp) cpu = CpuSeconds();
    const std::string& question = questions[i % questions.size()];
    const auto began = SteadyClock::now();
    found += search(question);
    if (i >= kWarmUp) times.push_back(SecondsSince(began) * 1000);
  }
  cpu = (CpuSeconds() - cpu) * 1000 / static_cast<double>(times.size());
  std::ranges::sort(times);
  fmt::print("| {} | {} | {:.2f} ms | {:.2f} ms | {:.2f} ms | {:.2f} ms | {:.1f} |\n", database,
             way, times[times.size() / 2], times[times.size() * 99 / 100], times.back(), cpu,
             static_cast<double>(found) / static_cast<double>(questions.size() + kWarmUp));
  std::fflush(stdout);
}

template <typename T>
T Checked(Result<T> result) {
  BATON_CHECK(result.has_value(), result.error().ToString());
  return *std::move(result);
}

void EmbedAll(const std::string& name, storage::Database& database, embedding::Embedder& embedder,
              workspace::vectors::VectorSearch& search) {
  MetricsRegistry metrics;
  workspace::vectors::VectorWorker worker(database, embedder, SystemClock(), metrics, &search);
  BATON_CHECK(async::BlockOn(worker.TakeOver()).ok(), "no model");
  auto began = SteadyClock::now();
  while (Checked(async::BlockOn(worker.EmbedDue())) > 0) {
  }
  fmt::print(stderr, "{}: embedded in {:.1f} s\n", name, SecondsSince(began));
  began = SteadyClock::now();
  const Status loaded = async::BlockOn(search.Load(kReader));
  BATON_CHECK(loaded.ok(), loaded.ToString());
  fmt::print(stderr, "{}: loaded, graph made in {:.1f} s, {:.0f} MB\n", name, SecondsSince(began),
             static_cast<double>(search.memory_bytes()) / 1e6);
}

void RunOn(storage::Dialect dialect, std::size_t chunks, std::size_t questions, bool only_words) {
  const std::string name = dialect == storage::Dialect::kSqlite ? "SQLite" : "PostgreSQL";
  storage::testing::FreshDatabase fresh(dialect);
  MetricsRegistry metrics;
  auto database = Checked(storage::OpenDatabase(fresh.address(), metrics));
  IdGenerator ids(SystemClock(), 1);
  auto store =
      Checked(async::BlockOn(workspace::DocumentStore::Open(*database, SystemClock(), ids)));
  const auto began = SteadyClock::now();
  const double cpu = CpuSeconds();
  const std::vector<std::string> asked = FillStore(*store, chunks, questions);
  fmt::print(stderr, "{}: {} chunks stored in {:.1f} s, {:.1f} s of CPU\n", name, chunks,
             SecondsSince(began), CpuSeconds() - cpu);
  // As PostgreSQL does by itself a minute later.
  if (dialect == storage::Dialect::kPostgres) {
    Checked(async::BlockOn(
        database->Write({{"ANALYZE document_chunks", {}},
                         {"ANALYZE chunk_words", {}},
                         {"ANALYZE term_counts", {}},
                         {"SELECT gin_clean_pending_list('chunk_words_by_word')", {}}},
                        storage::Durability::kBuffered)));
  }
  async::Runtime runtime(1);
  const auto by_store = [&](const std::string& question) {
    return Checked(async::BlockOn(runtime.Pick(), store->Search(kReader, {.text = question})))
        .size();
  };
  Measure(name, "words", asked, by_store);
  if (only_words) return;
  embedding::HashingEmbedder embedder;
  workspace::vectors::VectorSearch search(*database, embedder, SystemClock(), metrics,
                                          workspace::vectors::HashingOptions());
  EmbedAll(name, *database, embedder, search);
  Measure(name, "vectors", asked, [&](const std::string& question) {
    return Checked(
               async::BlockOn(runtime.Pick(), search.Find({.user_id = kReader}, question, {}, 10)))
        .size();
  });
  store->UseVectors(search);
  Measure(name, "both", asked, by_store);
}

int RunAll(int argc, char** argv) {
  const auto number = [&](int at, std::size_t fallback) {
    return argc > at ? static_cast<std::size_t>(std::max(1, std::atoi(argv[at]))) : fallback;
  };
  const std::string only = argc > 3 ? argv[3] : "";
  fmt::print(
      "| database | by | p50 | p99 | longest | CPU | hits |\n|---|---|---|---|---|---|---|\n");
  const bool words = argc > 4 && std::string_view(argv[4]) == "words";
  const auto run = [&](storage::Dialect dialect) {
    RunOn(dialect, number(1, 100'000), number(2, 500), words);
  };
  if (only != "postgres") run(storage::Dialect::kSqlite);
  if (only != "sqlite") run(storage::Dialect::kPostgres);
  return 0;
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) { return baton::RunAll(argc, argv); }
