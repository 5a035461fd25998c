#include "runs/routing/features.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/hash.h"

namespace baton::runs::routing {
namespace {

// A shorter word is one slip away from too many others.
constexpr std::size_t kMinCorrected = 5;
constexpr std::size_t kMinPrefix = 4;
constexpr std::size_t kMinPieceWord = 4;

// The length of each group's vector: what the group may weigh in all.
constexpr float kWordsLength = 2.0F;
constexpr float kPairsLength = 1.25F;
constexpr float kPiecesLength = 1.4F;
constexpr float kCueValue = 0.7F;
constexpr float kCuePairValue = 0.18F;
constexpr float kFirstValue = 0.3F;
constexpr float kMarkValue = 1.1F;
constexpr float kContextValue = 0.8F;
constexpr float kBiasValue = 0.3F;

constexpr std::array<std::string_view, 11> kMarkNames = {
    "a web address", "a page of a site",   "a feed's address",
    "a file's name", "a data file's name", "a program file's name",
    "source code",   "a question",         "a list",
    "numbers",       "a quotation"};

// Whether one letter inserted, left out, changed or swapped with the next makes `a` of `b`.
bool IsOneSlip(std::string_view a, std::string_view b) {
  if (a.size() < b.size()) std::swap(a, b);
  if (a.size() - b.size() > 1) return false;
  std::size_t i = 0;
  while (i < b.size() && a[i] == b[i]) ++i;
  if (a.size() > b.size()) return a.substr(i + 1) == b.substr(i);
  if (a.substr(std::min(i + 1, a.size())) == b.substr(std::min(i + 1, b.size()))) return true;
  return i + 1 < a.size() && a[i] == b[i + 1] && a[i + 1] == b[i] &&
         a.substr(i + 2) == b.substr(i + 2);
}

std::uint64_t HashWithout(std::string_view word, std::size_t at) {
  return Fnv1a(word.substr(at + 1), Fnv1a(word.substr(0, at)));
}

std::string_view LengthBucket(std::size_t words) {
  constexpr std::array<std::pair<std::size_t, std::string_view>, 5> kBuckets = {
      {{1, "1"}, {3, "3"}, {6, "6"}, {11, "11"}, {20, "20"}}};
  for (const auto& [most, name] : kBuckets) {
    if (words <= most) return name;
  }
  return "more";
}

}  // namespace

// Gathers the features of one situation.
class FeatureReader::Collector {
 public:
  explicit Collector(const FeatureReader& reader) : reader_(reader) {}

  FeatureList Collect(const Situation& situation) {
    text_ = ReadMessage(situation.query);
    for (Word& word : text_.words) {
      reader_.Correct(word);
      out_.says_something = out_.says_something || reader_.known_.contains(word.text);
    }
    Add("bias", "", kBiasValue);
    AddWords();
    AddPairs();
    AddPieces();
    AddCues();
    for (const Mark mark : text_.marks) {
      const std::string_view name = kMarkNames.at(static_cast<std::size_t>(mark));
      Add("mark:", name, kMarkValue, Label(std::string(name)));
      out_.says_something = out_.says_something || mark != Mark::kQuestion;
    }
    AddSurroundings(situation);
    return std::move(out_);
  }

 private:
  std::int16_t Label(std::string text) {
    out_.labels.push_back(std::move(text));
    return static_cast<std::int16_t>(out_.labels.size() - 1);
  }

  void Add(std::string_view kind, std::string_view name, float value, std::int16_t label = -1) {
    out_.features.push_back({Fnv1a(name, Fnv1a(kind)), value, label});
  }

  // Makes the features from `begin` on distinct, and their vector `length` long.
  void Scale(std::size_t begin, float length) {
    auto& all = out_.features;
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(begin);
    std::ranges::sort(first, all.end(), {}, &Feature::id);
    all.erase(std::unique(first, all.end(),
                          [](const Feature& a, const Feature& b) { return a.id == b.id; }),
              all.end());
    float sum = 0;
    for (std::size_t i = begin; i < all.size(); ++i) sum += all[i].value * all[i].value;
    if (sum == 0) return;
    const float factor = length / std::sqrt(sum);
    for (std::size_t i = begin; i < all.size(); ++i) all[i].value *= factor;
  }

  void AddWords() {
    const std::size_t begin = out_.features.size();
    for (const Word& word : text_.words) {
      Add("w:", word.stem, 1, Label("'" + word.text + "'"));
    }
    Scale(begin, kWordsLength);
    if (text_.words.empty()) return;
    Add("first:", text_.words.front().stem, kFirstValue);
    if (text_.words.size() == 1) return;
    Add("first2:", text_.words[0].stem + " " + text_.words[1].stem, kFirstValue);
    Add("last:", text_.words.back().stem, kFirstValue / 2);
  }

  void AddPairs() {
    const std::size_t begin = out_.features.size();
    for (std::size_t i = 0; i + 1 < text_.words.size(); ++i) {
      Add("p:", text_.words[i].stem + " " + text_.words[i + 1].stem, 1);
      if (i + 2 < text_.words.size()) {
        Add("s:", text_.words[i].stem + " " + text_.words[i + 2].stem, 0.6F);
      }
    }
    Scale(begin, kPairsLength);
  }

  void AddPieces() {
    const std::size_t begin = out_.features.size();
    for (const Word& word : text_.words) {
      if (word.text.size() < kMinPieceWord) continue;
      const std::string framed = "<" + word.text + ">";
      for (std::size_t length = 4; length <= 5; ++length) {
        for (std::size_t at = 0; at + length <= framed.size(); ++at) {
          Add("c:", std::string_view(framed).substr(at, length), 1);
        }
      }
    }
    Scale(begin, kPiecesLength);
  }

  void AddCues() {
    std::set<std::uint16_t> cues;
    for (std::size_t at = 0; at < text_.words.size(); ++at) {
      const std::set<std::uint16_t> here = reader_.CuesAt(text_.words, at);
      if (at == 0) {
        for (const std::uint16_t cue : here) Add("firstcue:", reader_.cue_names_[cue], kFirstValue);
      }
      for (const std::uint16_t cue : here) {
        if (!cues.insert(cue).second) Add("cue+:", reader_.cue_names_[cue], kCueValue);
      }
    }
    for (const std::uint16_t cue : cues) {
      const std::string& name = reader_.cue_names_[cue];
      Add("cue:", name, kCueValue, Label("words of " + name));
      for (const std::uint16_t other : cues) {
        if (cue < other) {
          Add("cues:", name + " " + reader_.cue_names_[other], kCuePairValue);
        }
      }
    }
  }

  void AddSurroundings(const Situation& situation) {
    const std::string_view length = LengthBucket(text_.words.size());
    Add("length:", length, kContextValue / 2);
    if (situation.editor_open) {
      const std::string& type = situation.editor_type;
      const std::int16_t label = Label("the open " + (type.empty() ? "document" : type));
      for (Feature feature : OfDocument(type)) {
        feature.label = label;
        out_.features.push_back(feature);
      }
    }
    // Of the editor's page the document says more.
    if (!situation.page.empty() && situation.page != "editor") {
      Add("page:", situation.page, kContextValue, Label("the page " + situation.page));
      for (const Mark mark : text_.marks) {
        const std::string_view name = kMarkNames.at(static_cast<std::size_t>(mark));
        Add("page+mark:", situation.page + " " + std::string(name), kMarkValue);
      }
    }
    if (situation.history.empty()) return;
    Add("history", "", kContextValue);
    Add("history:", length, kContextValue);
    if (!text_.words.empty()) Add("hfirst:", text_.words.front().stem, kFirstValue);
    const PastMessage& last = situation.history.back();
    const std::size_t end = last.content.find_last_not_of(" \t\r\n");
    if (last.role == "assistant" && end != std::string::npos && last.content[end] == '?') {
      Add("asked", "", kContextValue);
      Add("asked:", length, kContextValue);
    }
  }

  const FeatureReader& reader_;
  MessageText text_;
  FeatureList out_;
};

FeatureReader::FeatureReader(const std::vector<Cue>& cues) {
  for (const Cue& cue : cues) {
    const auto index = static_cast<std::uint16_t>(cue_names_.size());
    cue_names_.push_back(cue.name);
    for (const std::string& entry : cue.entries) LearnEntry(index, entry);
  }
}

void FeatureReader::LearnEntry(std::uint16_t cue, std::string_view entry) {
  const bool prefix = entry.ends_with('*');
  const std::vector<Word> words = ReadMessage(entry).words;
  if (words.empty()) return;
  if (prefix && words.size() == 1) {
    cue_prefixes_[words[0].text].push_back(cue);
    return;
  }
  CueEntry known{.cue = cue, .stems = {}};
  for (const Word& word : words) {
    known.stems.push_back(word.stem);
    ++known_[word.text];
  }
  cue_entries_[known.stems.front()].push_back(std::move(known));
}

void FeatureReader::Learn(std::string_view text) {
  for (const Word& word : ReadMessage(text).words) ++known_[word.text];
}

void FeatureReader::IndexSlips() {
  for (const auto& [word, count] : known_) {
    if (word.size() < kMinCorrected) continue;
    slips_[Fnv1a(word)].push_back(&word);
    for (std::size_t at = 0; at < word.size(); ++at) {
      slips_[HashWithout(word, at)].push_back(&word);
    }
  }
}

void FeatureReader::Correct(Word& word) const {
  if (word.text.size() < kMinCorrected || word.capitalised || known_.contains(word.text)) return;
  const std::string* best = nullptr;
  int best_count = 0;
  const auto consider = [&](std::uint64_t hash) {
    const auto found = slips_.find(hash);
    if (found == slips_.end()) return;
    for (const std::string* known : found->second) {
      const int count = known_.at(*known);
      const bool better = count > best_count || (count == best_count && *known < *best);
      if (better && known->front() == word.text.front() && IsOneSlip(word.text, *known)) {
        best = known;
        best_count = count;
      }
    }
  };
  consider(Fnv1a(word.text));
  for (std::size_t at = 0; at < word.text.size(); ++at) consider(HashWithout(word.text, at));
  if (best == nullptr) return;
  word.text = *best;
  word.stem = StemOf(word.text);
}

std::set<std::uint16_t> FeatureReader::CuesAt(const std::vector<Word>& words,
                                              std::size_t at) const {
  std::set<std::uint16_t> cues;
  const std::string& text = words[at].text;
  for (std::size_t length = kMinPrefix; length <= text.size(); ++length) {
    const auto found = cue_prefixes_.find(text.substr(0, length));
    if (found != cue_prefixes_.end()) cues.insert(found->second.begin(), found->second.end());
  }
  const auto entries = cue_entries_.find(words[at].stem);
  if (entries == cue_entries_.end()) return cues;
  for (const CueEntry& entry : entries->second) {
    if (at + entry.stems.size() > words.size()) continue;
    bool matches = true;
    for (std::size_t i = 1; i < entry.stems.size() && matches; ++i) {
      matches = words[at + i].stem == entry.stems[i];
    }
    if (matches) cues.insert(entry.cue);
  }
  return cues;
}

std::vector<Feature> FeatureReader::OfDocument(std::string_view editor_type) {
  return {{.id = Fnv1a("editor"), .value = kContextValue},
          {.id = Fnv1a(editor_type, Fnv1a("editor:")), .value = kContextValue}};
}

FeatureList FeatureReader::Read(const Situation& situation) const {
  return Collector(*this).Collect(situation);
}

}  // namespace baton::runs::routing
