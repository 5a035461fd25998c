// Every bound of a turn, a run and its stream, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace baton::runs {

// What of a conversation a turn begins with: as much as models follow, at a bounded price.
struct HistoryWindow {
  std::int64_t messages = 200;
  std::int64_t bytes = std::int64_t{256} << 10U;
};

// The bounds of a turn that a server may set otherwise.
struct TurnLimits {
  // A message is read by a model whose window is smaller than this; more is a document, and
  // documents are imported.
  std::size_t message_bytes = std::size_t{1} << 20U;
  HistoryWindow history;
  // A model that has not come to an end by then is in a loop. Over all activations of a run.
  std::int64_t tokens = 2'000'000;
  std::chrono::milliseconds time = std::chrono::minutes(30);  // of one activation
  // What a model can use of one result; a longer one would push the conversation out of its
  // context.
  std::size_t tool_result_bytes = std::size_t{32} << 10U;
};

// Ids are keys of every table and label every log line: longer ones are a client's mistake.
inline constexpr std::size_t kMaxIdBytes = 256;

// Whole files are edited, and a gRPC message ends at 64 MiB: the rest is for the other fields.
inline constexpr std::size_t kMaxEditorBytes = std::size_t{60} << 20U;

// What of an open file a run keeps, and its agent gets: every run under way holds it, and so does
// the store. A text that a person edits with a model is far smaller.
inline constexpr std::size_t kMaxKeptEditorBytes = std::size_t{8} << 20U;

// What of an open file a model is shown. More than this fits no model's window.
inline constexpr std::size_t kMaxEditorBytesInPrompt = std::size_t{256} << 10U;

// Names, styles and other short fields of a request.
inline constexpr std::size_t kMaxFieldBytes = std::size_t{4} << 10U;

// What a client may send along; the window below is what a model is shown of it.
inline constexpr std::size_t kMaxHistoryMessages = 1000;

// Who has this many messages waiting in one conversation talks to nobody any more.
inline constexpr std::int64_t kMaxQueuedMessages = 20;

// Pages of what a person looks through: a screenful, and what a screen could ever show.
inline constexpr int kDefaultConversationPage = 50;
inline constexpr int kMaxConversationPage = 200;

// Messages read at once: a gRPC message ends at 64 MiB.
inline constexpr std::int64_t kMaxMessagePage = 500;
inline constexpr std::int64_t kMaxMessagePageBytes = std::int64_t{8} << 20U;

// An export is one answer, and a gRPC message ends at 64 MiB.
inline constexpr std::size_t kMaxExportBytes = std::size_t{48} << 20U;

// A title is one line of a list.
inline constexpr std::size_t kMaxTitleBytes = 200;

// How long the name of a run is kept that went with its conversation: longer than any task waits
// for a retry, and than any client sends a request again.
inline constexpr std::chrono::hours kDeletedRunsKept{24 * 90};

// What is looked through for an answer given before: 200 of the usual 2 KiB take few milliseconds.
inline constexpr std::int64_t kMaxRecentAnswers = 200;
inline constexpr std::int64_t kMaxRecentAnswerBytes = std::int64_t{64} << 10U;

// A person types fewer, and each is a look into the index.
inline constexpr std::size_t kMaxSearchWords = 32;

// Answers to questions are form fields, not documents.
inline constexpr std::size_t kMaxAnswers = 100;
inline constexpr std::size_t kMaxAnswerBytes = std::size_t{1} << 20U;

// What a request grants is a list of tools; there are not more of them.
inline constexpr std::size_t kMaxGranted = 200;

// A model that writes more than this in one run is in a loop.
inline constexpr std::size_t kMaxContentBytesPerRun = std::size_t{16} << 20U;

// One event for a browser: small enough to be parsed between two frames.
inline constexpr std::size_t kMaxContentChunkBytes = std::size_t{64} << 10U;

// What may wait between a run and the writer of its log. One write takes well under a
// millisecond, so this much waiting means a slow disk: the model is then held back.
inline constexpr std::size_t kMaxQueuedChunks = 256;
inline constexpr std::size_t kMaxQueuedBytes = std::size_t{1} << 20U;

// What a running run keeps in memory for its readers. A reader further behind reads from the
// store, so that one slow client costs neither memory nor the others' pace.
inline constexpr std::size_t kLiveWindowChunks = 10'000;
inline constexpr std::size_t kLiveWindowBytes = std::size_t{4} << 20U;

// Rows of the log read at once by a reader that is behind.
inline constexpr std::int64_t kLogRowsPerRead = 64;

// A run whose process dies this often without getting further is what kills it.
inline constexpr std::int64_t kMaxCrashes = 5;

// How soon a run that could not be taken up is tried again, and how much later at most: a store
// that was restarted is back in seconds, and one that stays away is not to be worn down.
inline constexpr std::chrono::seconds kFirstRetryOfLeftOver{2};
inline constexpr std::chrono::seconds kMaxRetryOfLeftOver{120};

// How long a run waits for an agent that is gone: a file that was broken by an edit or left out
// of a deployment comes back within this; else the run fails, and its conversation is free.
inline constexpr std::chrono::minutes kMissingAgentPatience{15};

// A process that has not said so for this long is taken for dead. Several heartbeats, so that
// one slow write or a clock that is off by seconds takes no run away from its owner.
inline constexpr std::chrono::seconds kOwnerSilence{30};

}  // namespace baton::runs
