#include "runs/router.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <span>
#include <utility>

namespace baton::runs {
namespace {

using AgentList = std::vector<std::shared_ptr<const agents::Agent>>;

constexpr std::string_view kDefaultAgent = "chat";
constexpr std::string_view kFactAgent = "research";

// Below this the words say nothing, and the default agent answers.
constexpr double kMinScore = 0.8;
// Examples are what people really write: they weigh more than the description.
constexpr double kExampleWeight = 1.5;
// No message is routed by more words than this, however long it is.
constexpr std::size_t kMaxRoutedWords = 500;

// Words without a meaning of their own, sorted.
constexpr auto kStopWords = std::to_array<std::string_view>(
    {"a",     "about",  "all",   "also",  "am",   "an",    "and",   "any",  "are",    "as",
     "at",    "be",     "been",  "but",   "by",   "can",   "could", "did",  "do",     "does",
     "else",  "for",    "from",  "get",   "give", "had",   "has",   "have", "he",     "her",
     "him",   "his",    "how",   "i",     "if",   "in",    "into",  "is",   "it",     "its",
     "just",  "know",   "let",   "like",  "make", "may",   "me",    "more", "my",     "no",
     "not",   "now",    "of",    "on",    "or",   "our",   "out",   "over", "please", "say",
     "she",   "should", "so",    "some",  "such", "tell",  "than",  "that", "the",    "their",
     "them",  "then",   "there", "these", "they", "this",  "those", "to",   "up",     "us",
     "use",   "used",   "user",  "want",  "was",  "we",    "were",  "what", "when",   "where",
     "which", "who",    "why",   "will",  "with", "would", "you",   "your"});

// What a message says about the kind of answer it wants. A cue is whole words, in this order.
struct Cue {
  std::string_view words;
  std::string_view agent;
  double weight;
};
constexpr auto kCues = std::to_array<Cue>({
    {"my document", kFactAgent, 3},    {"my note", kFactAgent, 3},
    {"my file", kFactAgent, 3},        {"my paper", kFactAgent, 3},
    {"our document", kFactAgent, 3},   {"our note", kFactAgent, 3},
    {"document", kFactAgent, 1.5},     {"note", kFactAgent, 1},
    {"file", kFactAgent, 1},           {"source", kFactAgent, 1.5},
    {"citation", kFactAgent, 2},       {"cite", kFactAgent, 2},
    {"according to", kFactAgent, 2},   {"research", kFactAgent, 2},
    {"search", kFactAgent, 1.5},       {"look up", kFactAgent, 1.5},
    {"find out", kFactAgent, 1.5},     {"hello", kDefaultAgent, 2},
    {"hi", kDefaultAgent, 2},          {"hey", kDefaultAgent, 2},
    {"thank", kDefaultAgent, 2},       {"how are you", kDefaultAgent, 3},
    {"who are you", kDefaultAgent, 3}, {"what can you do", kDefaultAgent, 3},
    {"joke", kDefaultAgent, 2},        {"poem", kDefaultAgent, 2},
    {"did i say", kDefaultAgent, 3},   {"i said", kDefaultAgent, 3},
    {"did i tell", kDefaultAgent, 3},  {"i told", kDefaultAgent, 3},
    {"did i ask", kDefaultAgent, 3},   {"i asked", kDefaultAgent, 3},
    {"did you say", kDefaultAgent, 3}, {"you said", kDefaultAgent, 3},
    {"my name", kDefaultAgent, 3},     {"my favourite", kDefaultAgent, 2},
    {"my favorite", kDefaultAgent, 2}, {"brainstorm", kDefaultAgent, 2},
    {"rewrite", kDefaultAgent, 1.5},   {"translate", kDefaultAgent, 1.5},
});

// A message that begins with one of these asks for a fact; sorted.
constexpr auto kQuestionWords = std::to_array<std::string_view>(
    {"does", "how", "is", "what", "when", "where", "which", "who", "whose", "why"});
constexpr double kQuestionWeight = 1;

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;  // every other script
}

char AsciiLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool IsStopWord(std::string_view word) { return std::ranges::binary_search(kStopWords, word); }

// "documents" and "document" are one word; "does" and "class" stay what they are.
std::string Singular(std::string word) {
  if (word.size() > 3 && !IsStopWord(word) && word.ends_with('s') && !word.ends_with("ss") &&
      !word.ends_with("us") && !word.ends_with("is")) {
    word.pop_back();
  }
  return word;
}

std::vector<std::string> Words(std::string_view text, std::size_t limit) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    const char lower = AsciiLower(c);
    if (IsLetter(lower)) {
      word += lower;
    } else if (!word.empty()) {
      words.push_back(Singular(std::exchange(word, {})));
      if (words.size() == limit) return words;
    }
  }
  if (!word.empty()) words.push_back(Singular(std::move(word)));
  return words;
}

bool ContainsInOrder(const std::vector<std::string>& words, const std::vector<std::string>& part) {
  return !std::ranges::search(words, part).empty();
}

struct Score {
  double value = 0;
  std::vector<std::pair<double, std::string>> because;

  void Add(double weight, std::string word) {
    value += weight;
    because.emplace_back(weight, std::move(word));
  }
};

void AddCues(const std::vector<std::string>& words, std::map<std::string, Score>& scores) {
  for (const Cue& cue : kCues) {
    const auto agent = scores.find(std::string(cue.agent));
    if (agent == scores.end()) continue;
    if (ContainsInOrder(words, Words(cue.words, kMaxRoutedWords))) {
      agent->second.Add(cue.weight, std::string(cue.words));
    }
  }
  const auto facts = scores.find(std::string(kFactAgent));
  if (facts != scores.end() && !words.empty() &&
      std::ranges::binary_search(kQuestionWords, std::string_view(words.front()))) {
    facts->second.Add(kQuestionWeight, words.front());
  }
}

// The three words that weighed most: "matches 'document', 'backup'".
std::string Because(Score score) {
  std::ranges::sort(score.because, std::greater());
  std::string text = "matches ";
  const std::size_t shown = std::min<std::size_t>(score.because.size(), 3);
  for (std::size_t i = 0; i < shown; ++i) {
    text += fmt::format("{}'{}'", i == 0 ? "" : ", ", score.because[i].second);
  }
  return text;
}

}  // namespace

// Which words name which agents, made once for a set of agents.
struct Router::Index {
  AgentList agents;
  // word → agent's index → weight of its best occurrence
  std::map<std::string, std::map<std::size_t, double>> words;

  explicit Index(AgentList list) : agents(std::move(list)) {
    for (std::size_t i = 0; i < agents.size(); ++i) {
      const agents::AgentSpec& spec = agents[i]->spec;
      for (const std::string& text : {spec.name, spec.title, spec.description, spec.when}) {
        AddText(i, text, 1);
      }
      for (const std::string& example : spec.examples) AddText(i, example, kExampleWeight);
    }
  }

  void AddText(std::size_t agent, std::string_view text, double weight) {
    for (std::string& word : Words(text, std::string_view::npos)) {
      if (IsStopWord(word)) continue;
      double& best = words[std::move(word)][agent];
      best = std::max(best, weight);
    }
  }

  void AddScores(const std::vector<std::string>& message,
                 std::map<std::string, Score>& scores) const {
    for (const std::string& word : std::set(message.begin(), message.end())) {
      const auto known = words.find(word);
      if (known == words.end()) continue;
      const double rarity = std::log(1.0 + static_cast<double>(agents.size()) /
                                               static_cast<double>(known->second.size())) -
                            std::log(2.0);  // a word of every agent says nothing
      if (rarity <= 0) continue;
      for (const auto& [agent, weight] : known->second) {
        scores[agents[agent]->spec.name].Add(rarity * weight, word);
      }
    }
  }
};

Result<Routing> Router::Route(const TurnRequest& request) {
  if (!request.agent_type.empty() && request.agent_type != "auto") {
    return RouteByName(request.agent_type, "asked for");
  }
  if (!request.locked_agent.empty()) return RouteByName(request.locked_agent, "locked");
  return RouteByWords(request.query);
}

Result<Routing> Router::RouteByName(std::string_view name, std::string_view reason) const {
  if (auto agent = agents_.Find(name)) return Routing{std::move(agent), 1, std::string(reason)};
  std::string known;
  for (const auto& agent : agents_.List()) {
    known += (known.empty() ? "" : ", ") + agent->spec.name;
  }
  return Fail(Code::kInvalidArgument, "agent '{}' is not known; known: {}", name, known);
}

Result<Routing> Router::RouteByWords(std::string_view message) {
  const std::shared_ptr<const Index> index = CurrentIndex();
  if (index->agents.empty()) return Fail(Code::kFailedPrecondition, "there is no agent");
  std::map<std::string, Score> scores;
  for (const auto& agent : index->agents) scores[agent->spec.name];
  const std::vector<std::string> words = Words(message, kMaxRoutedWords);
  index->AddScores(words, scores);
  AddCues(words, scores);
  double second = 0;
  auto best = scores.begin();
  for (auto score = std::next(best); score != scores.end(); ++score) {
    if (score->second.value > best->second.value) {
      second = best->second.value;
      best = score;
    } else {
      second = std::max(second, score->second.value);
    }
  }
  if (best->second.value < kMinScore) {
    auto agent = agents_.Find(kDefaultAgent);
    if (agent == nullptr) agent = index->agents.front();
    return Routing{std::move(agent), 0.5, "nothing more particular fits"};
  }
  const double confidence = best->second.value / (best->second.value + second);
  auto agent = agents_.Find(best->first);
  if (agent == nullptr) return RouteByWords({});  // it went away this very moment
  return Routing{std::move(agent), confidence, Because(std::move(best->second))};
}

std::shared_ptr<const Router::Index> Router::CurrentIndex() {
  AgentList agents = agents_.List();
  const std::lock_guard lock(mutex_);
  if (index_ == nullptr || index_->agents != agents) {
    index_ = std::make_shared<const Index>(std::move(agents));
  }
  return index_;
}

}  // namespace baton::runs
