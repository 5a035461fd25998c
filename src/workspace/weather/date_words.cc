#include "workspace/weather/date_words.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include <fmt/format.h>

namespace baton::workspace::weather {
namespace {

using std::chrono::days;
using std::chrono::month;
using std::chrono::months;
using std::chrono::weekday;
using std::chrono::year;
using std::chrono::year_month;
using std::chrono::year_month_day;

constexpr std::size_t kMaxDateText = 100;
constexpr int kMaxDaysAway = 36'600;  // a century

struct Spelling {
  std::string_view text;
  std::string_view plain;
};
constexpr std::array kAccents = {
    Spelling{"ä", "a"}, Spelling{"Ä", "a"}, Spelling{"ö", "o"},  Spelling{"Ö", "o"},
    Spelling{"ü", "u"}, Spelling{"Ü", "u"}, Spelling{"ß", "ss"}, Spelling{"á", "a"},
    Spelling{"Á", "a"}, Spelling{"à", "a"}, Spelling{"À", "a"},  Spelling{"â", "a"},
    Spelling{"é", "e"}, Spelling{"É", "e"}, Spelling{"è", "e"},  Spelling{"È", "e"},
    Spelling{"ê", "e"}, Spelling{"í", "i"}, Spelling{"Í", "i"},  Spelling{"ñ", "n"},
    Spelling{"Ñ", "n"}, Spelling{"ó", "o"}, Spelling{"Ó", "o"},  Spelling{"ú", "u"},
    Spelling{"Ú", "u"}, Spelling{"û", "u"}, Spelling{"Û", "u"},  Spelling{"ç", "c"},
    Spelling{"’", "'"}};

// Lower case, without accents, words apart by one blank; articles and prepositions gone.
std::vector<std::string> PlainWords(std::string_view text) {
  constexpr std::array<std::string_view, 20> kFillers = {
      "the", "on",  "at", "for", "am", "den", "der", "die", "dem", "el",
      "los", "las", "le", "les", "du", "de",  "of",  "la",  "des", "del"};
  std::string plain;
  for (std::size_t i = 0; i < text.size();) {
    const auto accent = std::ranges::find_if(
        kAccents, [&](const Spelling& s) { return text.substr(i).starts_with(s.text); });
    if (accent != kAccents.end()) {
      plain += accent->plain;
      i += accent->text.size();
      continue;
    }
    const char c = text[i++];
    plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  std::vector<std::string> words;
  std::string word;
  for (const char c : plain + " ") {
    if (c != ' ' && c != ',' && c != '\t' && c != '\n') {
      word += c;
    } else if (!word.empty()) {
      if (std::ranges::find(kFillers, word) == kFillers.end()) words.push_back(word);
      word.clear();
    }
  }
  return words;
}

std::string Joined(const std::vector<std::string>& words, std::size_t begin = 0,
                   std::size_t end = std::string::npos) {
  std::string out;
  for (std::size_t i = begin; i < std::min(end, words.size()); ++i) {
    if (!out.empty()) out += ' ';
    out += words[i];
  }
  return out;
}

struct Named {
  std::string_view name;
  int value;
};

template <std::size_t Size>
std::optional<int> ValueOf(const std::array<Named, Size>& table, std::string_view name) {
  const auto found = std::ranges::find(table, name, &Named::name);
  return found == table.end() ? std::nullopt : std::optional(found->value);
}

constexpr std::array kNearDays = {Named{"today", 0},
                                  Named{"now", 0},
                                  Named{"tonight", 0},
                                  Named{"heute", 0},
                                  Named{"jetzt", 0},
                                  Named{"heute abend", 0},
                                  Named{"hoy", 0},
                                  Named{"ahora", 0},
                                  Named{"esta noche", 0},
                                  Named{"aujourd'hui", 0},
                                  Named{"maintenant", 0},
                                  Named{"ce soir", 0},
                                  Named{"tomorrow", 1},
                                  Named{"morgen", 1},
                                  Named{"manana", 1},
                                  Named{"demain", 1},
                                  Named{"day after tomorrow", 2},
                                  Named{"ubermorgen", 2},
                                  Named{"uebermorgen", 2},
                                  Named{"pasado manana", 2},
                                  Named{"apres-demain", 2},
                                  Named{"apres demain", 2},
                                  Named{"yesterday", -1},
                                  Named{"gestern", -1},
                                  Named{"ayer", -1},
                                  Named{"hier", -1},
                                  Named{"day before yesterday", -2},
                                  Named{"vorgestern", -2},
                                  Named{"anteayer", -2},
                                  Named{"antier", -2},
                                  Named{"avant-hier", -2},
                                  Named{"avant hier", -2}};

// ISO: Monday is 1.
constexpr std::array kWeekdays = {
    Named{"monday", 1},    Named{"mon", 1},        Named{"montag", 1},    Named{"lunes", 1},
    Named{"lundi", 1},     Named{"tuesday", 2},    Named{"tue", 2},       Named{"dienstag", 2},
    Named{"martes", 2},    Named{"mardi", 2},      Named{"wednesday", 3}, Named{"wed", 3},
    Named{"mittwoch", 3},  Named{"miercoles", 3},  Named{"mercredi", 3},  Named{"thursday", 4},
    Named{"thu", 4},       Named{"donnerstag", 4}, Named{"jueves", 4},    Named{"jeudi", 4},
    Named{"friday", 5},    Named{"fri", 5},        Named{"freitag", 5},   Named{"viernes", 5},
    Named{"vendredi", 5},  Named{"saturday", 6},   Named{"sat", 6},       Named{"samstag", 6},
    Named{"sonnabend", 6}, Named{"sabado", 6},     Named{"samedi", 6},    Named{"sunday", 7},
    Named{"sun", 7},       Named{"sonntag", 7},    Named{"domingo", 7},   Named{"dimanche", 7}};

constexpr std::array kMonths = {
    Named{"january", 1},    Named{"jan", 1},       Named{"januar", 1},     Named{"enero", 1},
    Named{"janvier", 1},    Named{"february", 2},  Named{"feb", 2},        Named{"februar", 2},
    Named{"febrero", 2},    Named{"fevrier", 2},   Named{"march", 3},      Named{"mar", 3},
    Named{"marz", 3},       Named{"maerz", 3},     Named{"marzo", 3},      Named{"mars", 3},
    Named{"april", 4},      Named{"apr", 4},       Named{"abril", 4},      Named{"avril", 4},
    Named{"may", 5},        Named{"mai", 5},       Named{"mayo", 5},       Named{"june", 6},
    Named{"jun", 6},        Named{"juni", 6},      Named{"junio", 6},      Named{"juin", 6},
    Named{"july", 7},       Named{"jul", 7},       Named{"juli", 7},       Named{"julio", 7},
    Named{"juillet", 7},    Named{"august", 8},    Named{"aug", 8},        Named{"agosto", 8},
    Named{"aout", 8},       Named{"september", 9}, Named{"sep", 9},        Named{"sept", 9},
    Named{"septiembre", 9}, Named{"septembre", 9}, Named{"october", 10},   Named{"oct", 10},
    Named{"oktober", 10},   Named{"okt", 10},      Named{"octubre", 10},   Named{"octobre", 10},
    Named{"november", 11},  Named{"nov", 11},      Named{"noviembre", 11}, Named{"novembre", 11},
    Named{"december", 12},  Named{"dec", 12},      Named{"dezember", 12},  Named{"dez", 12},
    Named{"diciembre", 12}, Named{"decembre", 12}};

constexpr std::array kNumbers = {
    Named{"a", 1},      Named{"an", 1},    Named{"one", 1},   Named{"ein", 1},   Named{"einem", 1},
    Named{"einer", 1},  Named{"un", 1},    Named{"una", 1},   Named{"une", 1},   Named{"two", 2},
    Named{"zwei", 2},   Named{"dos", 2},   Named{"deux", 2},  Named{"three", 3}, Named{"drei", 3},
    Named{"tres", 3},   Named{"trois", 3}, Named{"four", 4},  Named{"vier", 4},  Named{"cuatro", 4},
    Named{"quatre", 4}, Named{"five", 5},  Named{"funf", 5},  Named{"cinco", 5}, Named{"cinq", 5},
    Named{"six", 6},    Named{"sechs", 6}, Named{"seis", 6},  Named{"seven", 7}, Named{"sieben", 7},
    Named{"siete", 7},  Named{"sept", 7},  Named{"eight", 8}, Named{"acht", 8},  Named{"ocho", 8},
    Named{"huit", 8},   Named{"nine", 9},  Named{"neun", 9},  Named{"nueve", 9}, Named{"neuf", 9},
    Named{"ten", 10},   Named{"zehn", 10}, Named{"diez", 10}, Named{"dix", 10}};

// Days in a unit of time.
constexpr std::array kUnits = {Named{"day", 1},     Named{"days", 1},    Named{"tag", 1},
                               Named{"tage", 1},    Named{"tagen", 1},   Named{"dia", 1},
                               Named{"dias", 1},    Named{"jour", 1},    Named{"jours", 1},
                               Named{"week", 7},    Named{"weeks", 7},   Named{"woche", 7},
                               Named{"wochen", 7},  Named{"semana", 7},  Named{"semanas", 7},
                               Named{"semaine", 7}, Named{"semaines", 7}};

enum Which { kThis = 0, kNext = 1, kLast = -1 };
constexpr std::array kWhich = {
    Named{"this", kThis},      Named{"coming", kThis},    Named{"diesen", kThis},
    Named{"dieses", kThis},    Named{"diese", kThis},     Named{"dieser", kThis},
    Named{"kommenden", kThis}, Named{"este", kThis},      Named{"esta", kThis},
    Named{"ce", kThis},        Named{"cette", kThis},     Named{"cet", kThis},
    Named{"next", kNext},      Named{"nachsten", kNext},  Named{"nachster", kNext},
    Named{"nachstes", kNext},  Named{"nachste", kNext},   Named{"proximo", kNext},
    Named{"proxima", kNext},   Named{"proximos", kNext},  Named{"prochain", kNext},
    Named{"prochaine", kNext}, Named{"prochains", kNext}, Named{"last", kLast},
    Named{"letzten", kLast},   Named{"letzter", kLast},   Named{"letztes", kLast},
    Named{"letzte", kLast},    Named{"pasado", kLast},    Named{"pasada", kLast},
    Named{"dernier", kLast},   Named{"derniere", kLast}};

std::optional<int> ParseInt(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::optional<int> ParseCount(std::string_view text) {
  const auto digits = ParseInt(text);
  const auto count = digits ? digits : ValueOf(kNumbers, text);
  return count && *count <= kMaxDaysAway ? count : std::nullopt;
}

std::optional<DayRange> OneDay(Day day) { return DayRange{day, day}; }

std::optional<DayRange> DayOf(int y, int m, int d) {
  const year_month_day date(year(y), month(static_cast<unsigned>(m)),
                            std::chrono::day(static_cast<unsigned>(d)));
  if (y < 1900 || y > 2200 || !date.ok()) return std::nullopt;
  return OneDay(Day(date));
}

std::optional<DayRange> MonthOf(int y, int m) {
  if (y < 1900 || y > 2200 || m < 1 || m > 12) return std::nullopt;
  const year_month which(year(y), month(static_cast<unsigned>(m)));
  return DayRange{Day(which / 1), Day(which / std::chrono::last)};
}

std::optional<DayRange> ParseIso(std::string_view text) {
  const bool has_month = text.size() >= 7 && text[4] == '-';
  if (!has_month) return std::nullopt;
  const auto y = ParseInt(text.substr(0, 4));
  const auto m = ParseInt(text.substr(5, 2));
  if (!y || !m) return std::nullopt;
  if (text.size() == 7) return MonthOf(*y, *m);
  const auto d = text.size() == 10 && text[7] == '-' ? ParseInt(text.substr(8)) : std::nullopt;
  return d ? DayOf(*y, *m, *d) : std::nullopt;
}

// The next such day, today included.
std::optional<DayRange> NextOf(int m, int d, Day today) {
  const int y = static_cast<int>(year_month_day(today).year());
  for (int later = 0; later <= 4; ++later) {  // 29 February
    const auto day = DayOf(y + later, m, d);
    if (day && day->first >= today) return day;
  }
  return std::nullopt;
}

// "15.1.2026", "15.1."
std::optional<DayRange> ParseDotted(std::string_view text, Day today) {
  const std::size_t first = text.find('.');
  const std::size_t second = first == text.npos ? text.npos : text.find('.', first + 1);
  if (second == text.npos) return std::nullopt;
  const auto d = ParseInt(text.substr(0, first));
  const auto m = ParseInt(text.substr(first + 1, second - first - 1));
  if (!d || !m) return std::nullopt;
  if (second + 1 == text.size()) return NextOf(*m, *d, today);
  const auto y = ParseInt(text.substr(second + 1));
  return y ? DayOf(*y, *m, *d) : std::nullopt;
}

// "15 january 2026", "january 15", "15. marz", "january 2026".
std::optional<DayRange> ParseNamedMonth(const std::vector<std::string>& words, Day today) {
  std::optional<int> m;
  std::optional<int> d;
  std::optional<int> y;
  for (std::string_view word : words) {
    if (const auto named = ValueOf(kMonths, word); named && !m) {
      m = named;
      continue;
    }
    for (const std::string_view suffix : {".", "st", "nd", "rd", "th", "er"}) {
      if (word.size() > suffix.size() && word.ends_with(suffix)) {
        word.remove_suffix(suffix.size());
        break;
      }
    }
    const auto number = ParseInt(word);
    if (!number) return std::nullopt;
    std::optional<int>& target = *number > 31 ? y : d;
    if (target) return std::nullopt;
    target = number;
  }
  if (!m) return std::nullopt;
  if (d) return y ? DayOf(*y, *m, *d) : NextOf(*m, *d, today);
  return y ? MonthOf(*y, *m) : std::nullopt;
}

int IsoWeekday(Day day) { return static_cast<int>(weekday(day).iso_encoding()); }

std::optional<DayRange> WeekdayOf(int wanted, int which, Day today) {
  const int ahead = (wanted - IsoWeekday(today) + 7) % 7;  // 0: today
  if (which == kLast) return OneDay(today - days(ahead == 0 ? 7 : 7 - ahead));
  if (which == kNext && ahead == 0) return OneDay(today + days(7));
  return OneDay(today + days(ahead));
}

std::optional<DayRange> WeekendOf(int which, Day today) {
  const Day monday = today - days(IsoWeekday(today) - 1) + days(7 * which);
  const DayRange weekend{monday + days(5), monday + days(6)};
  return DayRange{which == kThis ? std::max(weekend.first, today) : weekend.first, weekend.last};
}

std::optional<DayRange> WeekOf(int which, Day today) {
  const Day monday = today - days(IsoWeekday(today) - 1) + days(7 * which);
  return DayRange{which == kThis ? today : monday, monday + days(6)};
}

// "next saturday", "semaine prochaine", "weekend": a word for which, before or after, or none.
std::optional<DayRange> ParseWeekPart(const std::vector<std::string>& words, Day today) {
  int which = kThis;
  std::string rest = Joined(words);
  if (const auto first = ValueOf(kWhich, words.front()); first && words.size() > 1) {
    which = *first;
    rest = Joined(words, 1);
  } else if (const auto last = ValueOf(kWhich, words.back()); last && words.size() > 1) {
    which = *last;
    rest = Joined(words, 0, words.size() - 1);
  }
  if (const auto wanted = ValueOf(kWeekdays, rest)) return WeekdayOf(*wanted, which, today);
  for (const std::string_view name :
       {"weekend", "week-end", "wochenende", "fin semana", "fin de semana"}) {
    if (rest == name) return WeekendOf(which, today);
  }
  if (ValueOf(kUnits, rest) == 7) return WeekOf(which, today);
  return std::nullopt;
}

// "in 3 days", "dans une semaine"; "3 days ago", "vor 3 tagen", "hace 3 dias", "il y a 3 jours".
std::optional<DayRange> ParseDistance(const std::vector<std::string>& words, Day today) {
  std::vector<std::string> rest = words;
  int sign = 1;
  const std::string& first = words.front();
  if (first == "in" || first == "en" || first == "dans") {
    rest.erase(rest.begin());
  } else if (first == "vor" || first == "hace") {
    sign = -1;
    rest.erase(rest.begin());
  } else if (words.size() > 3 && Joined(words, 0, 3) == "il y a") {
    sign = -1;
    rest.erase(rest.begin(), rest.begin() + 3);
  } else if (words.back() == "ago") {
    sign = -1;
    rest.pop_back();
  } else {
    return std::nullopt;
  }
  if (rest.size() != 2) return std::nullopt;
  const auto count = ParseCount(rest[0]);
  const auto unit = ValueOf(kUnits, rest[1]);
  if (!count || !unit) return std::nullopt;
  return OneDay(today + days(sign * *count * *unit));
}

// "next 5 days", "5 prochains jours", "5 days": from today on.
std::optional<DayRange> ParseStretch(const std::vector<std::string>& words, Day today) {
  std::vector<std::string> rest;
  for (const std::string& word : words) {
    const auto which = ValueOf(kWhich, word);
    if (which == kLast) return std::nullopt;
    if (!which) rest.push_back(word);
  }
  if (rest.size() != 2) return std::nullopt;
  const auto count = ParseCount(rest[0]);
  const auto unit = ValueOf(kUnits, rest[1]);
  if (!count || !unit || *count == 0) return std::nullopt;
  return DayRange{today, today + days(*count * *unit - 1)};
}

std::optional<DayRange> ParseWords(const std::vector<std::string>& words, Day today) {
  if (words.empty()) return OneDay(today);
  const std::string all = Joined(words);
  if (const auto near = ValueOf(kNearDays, all)) return OneDay(today + days(*near));
  if (words.size() == 1) {
    if (const auto iso = ParseIso(all)) return iso;
    if (const auto dotted = ParseDotted(all, today)) return dotted;
  }
  for (const auto& read : {ParseWeekPart, ParseDistance, ParseStretch, ParseNamedMonth}) {
    if (const auto range = read(words, today)) return range;
  }
  return std::nullopt;
}

// The words before and after a word for "up to", if there is one.
std::optional<DayRange> ParseFromTo(const std::vector<std::string>& words, Day today) {
  constexpr std::array<std::string_view, 10> kUpTo = {"to",    "until",    "till", "bis", "bis zum",
                                                      "hasta", "jusqu'au", "au",   "..",  "-"};
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    if (std::ranges::find(kUpTo, words[i]) == kUpTo.end()) continue;
    std::vector<std::string> before(words.begin(), words.begin() + static_cast<long>(i));
    if (before.front() == "from" || before.front() == "vom" || before.front() == "desde") {
      before.erase(before.begin());
    }
    const std::vector<std::string> after(words.begin() + static_cast<long>(i) + 1, words.end());
    const auto first = ParseWords(before, today);
    const auto last = first ? ParseWords(after, first->first) : std::nullopt;
    if (last && last->last >= first->first) return DayRange{first->first, last->last};
  }
  return std::nullopt;
}

}  // namespace

Result<DayRange> ParseDays(std::string_view text, Day today) {
  std::optional<DayRange> range;
  if (text.size() <= kMaxDateText) {
    std::string spaced(text);
    if (const std::size_t dots = spaced.find(".."); dots != std::string::npos) {
      spaced.replace(dots, 2, " .. ");
    }
    const std::vector<std::string> words = PlainWords(spaced);
    range = ParseWords(words, today);
    if (!range) range = ParseFromTo(words, today);
  }
  if (range) return *range;
  return Fail(Code::kInvalidArgument,
              "'{}' names no day: possible are dates (2026-01-15), months (2026-01) and words in "
              "English, German, Spanish or French (tomorrow, Saturday, in 3 days, next 5 days)",
              text.substr(0, kMaxDateText));
}

std::string FormatDay(Day day) {
  const year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

Result<Day> ParseIsoDay(std::string_view text) {
  const auto range = ParseIso(text.substr(0, 10));
  if (!range || range->first != range->last) {
    return Fail(Code::kInvalidArgument, "'{}' is no date", text.substr(0, 10));
  }
  return range->first;
}

}  // namespace baton::workspace::weather
