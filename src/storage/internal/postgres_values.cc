#include "storage/internal/postgres_values.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "storage/internal/sql_text.h"

namespace baton::storage::internal {
namespace {

// From the server's pg_type.dat; they never change.
constexpr Oid kBoolOid = 16;
constexpr Oid kByteaOid = 17;
constexpr Oid kInt8Oid = 20;
constexpr Oid kInt2Oid = 21;
constexpr Oid kInt4Oid = 23;
constexpr Oid kFloat4Oid = 700;
constexpr Oid kFloat8Oid = 701;
constexpr Oid kNumericOid = 1700;
constexpr Oid kUnknownOid = 0;  // the server infers it

constexpr int kTextFormat = 0;
constexpr int kBinaryFormat = 1;

// A protocol limit: the number of parameters is 16 bits.
constexpr std::size_t kMaxParams = 65535;

struct ParamEncoder {
  PostgresParams& out;

  void Add(Oid type, const char* value, std::size_t length, int format) {
    out.types.push_back(type);
    out.values.push_back(value);
    out.lengths.push_back(static_cast<int>(length));
    out.formats.push_back(format);
  }
  void AddDigits(Oid type, std::string digits) {
    out.digits.push_back(std::move(digits));
    Add(type, out.digits.back().c_str(), out.digits.back().size(), kTextFormat);
  }
  void operator()(std::monostate) { Add(kUnknownOid, nullptr, 0, kTextFormat); }
  // Typed: left to the server, the 1 of "coalesce($1, 0)" would be a 32-bit integer.
  void operator()(std::int64_t value) { AddDigits(kInt8Oid, fmt::format_int(value).str()); }
  void operator()(double value) { AddDigits(kFloat8Oid, fmt::format("{}", value)); }
  void operator()(const std::string& value) {
    Add(kUnknownOid, value.c_str(), value.size(), kTextFormat);
  }
  void operator()(const Blob& value) {
    Add(kByteaOid, value.bytes.data(), value.bytes.size(), kBinaryFormat);
  }
};

template <typename Number>
std::optional<Number> ParseWhole(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c - 'a' + 10;  // the server writes lower case
}

// "\x0aff", the form that every connection asks for.
Blob DecodeHex(std::string_view text) {
  Blob blob;
  if (!text.starts_with("\\x")) return blob;
  text.remove_prefix(2);
  blob.bytes.resize(text.size() / 2);
  for (std::size_t i = 0; i < blob.bytes.size(); ++i) {
    blob.bytes[i] = static_cast<char>(HexDigit(text[2 * i]) << 4 | HexDigit(text[2 * i + 1]));
  }
  return blob;
}

SqlValue DecodeValue(Oid type, std::string_view text) {
  switch (type) {
    case kBoolOid:
      return std::int64_t{text == "t"};
    case kByteaOid:
      return DecodeHex(text);
    case kInt2Oid:
    case kInt4Oid:
    case kInt8Oid:
    case kNumericOid:
      if (const auto number = ParseWhole<std::int64_t>(text)) return *number;
      [[fallthrough]];
    case kFloat4Oid:
    case kFloat8Oid:
      if (const auto number = ParseWhole<double>(text)) return *number;
      [[fallthrough]];
    default:
      return std::string(text);
  }
}

Code CodeOfSqlState(std::string_view state) {
  if (state == "23505" || state == "23P01") return Code::kAlreadyExists;
  if (state == "40001" || state == "40P01") return Code::kAborted;
  if (state == "53100" || state == "53200") return Code::kResourceExhausted;
  if (state == kCancelledState) return Code::kDeadlineExceeded;
  if (state == "08P01") return Code::kInvalidArgument;  // the wrong number of parameters
  if (state == "58030" || state == "XX001" || state == "XX002") return Code::kDataLoss;
  if (state == kLockTimeoutState) return Code::kUnavailable;
  const std::string_view kind = state.substr(0, 2);
  if (kind == "08" || kind == "53" || kind == "57" || kind == "28" || kind == "3D") {
    return Code::kUnavailable;
  }
  for (const std::string_view refused : {"0A", "21", "22", "23", "25", "26", "2B", "42", "54"}) {
    if (kind == refused) return Code::kInvalidArgument;
  }
  return state.empty() ? Code::kUnavailable : Code::kInternal;
}

std::string_view TrimLineBreak(std::string_view text) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  return text;
}

}  // namespace

Result<PostgresParams> EncodeParams(const std::vector<SqlValue>& params) {
  PostgresParams encoded;
  if (params.size() > kMaxParams) {
    return Fail(Code::kInvalidArgument, "{} parameters, PostgreSQL takes {}", params.size(),
                kMaxParams);
  }
  encoded.digits.reserve(params.size());  // never moved: `values` points into it
  ParamEncoder encoder{encoded};
  for (std::size_t i = 0; i < params.size(); ++i) {
    const auto* text = std::get_if<std::string>(&params[i]);
    if (text != nullptr && text->contains('\0')) {
      return Fail(Code::kInvalidArgument, "parameter ${}: text with a NUL character", i + 1);
    }
    std::visit(encoder, params[i]);
  }
  return encoded;
}

Rows DecodeRows(const PGresult* result) {
  Rows rows;
  const int columns = PQnfields(result);
  std::vector<Oid> types;
  for (int column = 0; column < columns; ++column) {
    rows.columns.emplace_back(PQfname(result, column));
    types.push_back(PQftype(result, column));
  }
  const int count = PQntuples(result);
  rows.rows.resize(static_cast<std::size_t>(count));
  for (int row = 0; row < count; ++row) {
    std::vector<SqlValue>& values = rows.rows[static_cast<std::size_t>(row)];
    values.reserve(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column) {
      if (PQgetisnull(result, row, column) != 0) {
        values.emplace_back();
        continue;
      }
      const auto length = static_cast<std::size_t>(PQgetlength(result, row, column));
      values.push_back(DecodeValue(types[static_cast<std::size_t>(column)],
                                   {PQgetvalue(result, row, column), length}));
    }
  }
  // libpq counts the rows of a SELECT too; its own signature lacks the const.
  auto* counted = const_cast<PGresult*>(result);
  if (!std::string_view(PQcmdStatus(counted)).starts_with("SELECT")) {
    rows.changed = ParseWhole<std::int64_t>(PQcmdTuples(counted)).value_or(0);
  }
  return rows;
}

std::string_view SqlState(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return state == nullptr ? std::string_view() : std::string_view(state);
}

Status ServerStatus(const PGresult* result, std::string_view sql) {
  // The primary message only: the detail of a broken uniqueness quotes the row.
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string_view message =
      primary == nullptr ? TrimLineBreak(PQresultErrorMessage(result)) : std::string_view(primary);
  if (const auto guard = message.find(kGuardFailed); guard != std::string_view::npos) {
    const std::string_view count = message.substr(guard + kGuardFailed.size());
    return Fail(Code::kAborted, "guard failed: {} rows: {}",
                count.substr(0, count.find_first_not_of("0123456789")), Abbreviated(sql));
  }
  const Code code = CodeOfSqlState(SqlState(result));
  if (sql.empty()) return Fail(code, "{}", message);
  return Fail(code, "{}: {}", message, Abbreviated(sql));
}

std::string ConnectionMessage(const PGconn* connection) {
  std::string message(TrimLineBreak(PQerrorMessage(connection)));
  std::erase(message, '\t');
  std::ranges::replace(message, '\n', ' ');
  return message;
}

}  // namespace baton::storage::internal
