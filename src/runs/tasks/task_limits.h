// Every bound of background tasks, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace baton::runs::tasks {

// A page is a message and a screen.
inline constexpr std::size_t kMaxTasksPerPage = 500;

// What of a task's message a list shows: a line.
inline constexpr std::size_t kListedQueryCharacters = 200;

// An idempotency key is an id of the client's; an URL longer than this is none.
inline constexpr std::size_t kMaxWebhookUrlBytes = 2048;

// A task that could not begin (its conversation is busy, the process has no room for another
// run) is tried again after this, twice as long after each further try.
inline constexpr std::chrono::seconds kFirstRetryOfTask{1};
inline constexpr std::chrono::seconds kMaxRetryOfTask{60};

// A task whose worker has died this often takes its worker with it.
inline constexpr std::int64_t kMaxTaskCrashes = 10;

// Leases, questions and due times that one look settles; the rest is settled by the next.
inline constexpr std::int64_t kTasksPerLook = 200;

// How often who watches a task that does not run looks at it. A person sees no difference below.
inline constexpr std::chrono::milliseconds kWatchInterval{100};

// How long a cancel waits for the run's last word before it says where the task stands.
inline constexpr std::chrono::seconds kCancelPatience{5};

}  // namespace baton::runs::tasks
