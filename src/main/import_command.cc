#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <filesystem>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/block_on.h"
#include "async/blocking_pool.h"
#include "base/metrics.h"
#include "main/commands.h"
#include "main/database_address.h"
#include "main/import.h"
#include "main/terminal.h"
#include "storage/open.h"
#include "workspace/document_store.h"
#include "workspace/org/org_store.h"

namespace baton::app {
namespace {

using async::Task;
namespace asio = boost::asio;

// Skipped files that are listed one by one; the rest are counted.
constexpr std::size_t kSkippedShown = 10;

// A detail of ImportPaths()'s failure: nothing was begun.
constexpr const char* kDatabaseDetail = "database";

void Report(const workspace::ImportReport& report, std::chrono::duration<double> took,
            const Settings& settings) {
  Terminal out(stdout);
  out.WriteLine(fmt::format("{} added, {} updated, {} unchanged, {} skipped ({:.1f} MB, {:.1f} s)",
                            report.added, report.updated, report.unchanged, report.skipped.size(),
                            static_cast<double>(report.bytes) / 1e6, took.count()));
  Terminal err(stderr);
  if (settings.Text("database").empty()) {
    err.WriteLine("into " + std::filesystem::absolute(settings.Text("data")).string(), Style::kDim);
  }
  for (std::size_t i = 0; i < report.skipped.size() && i < kSkippedShown; ++i) {
    err.WriteLine(fmt::format("skipped {}: {}", report.skipped[i].path, report.skipped[i].reason),
                  Style::kDim);
  }
  if (report.skipped.size() > kSkippedShown) {
    err.WriteLine(fmt::format("… and {} more", report.skipped.size() - kSkippedShown), Style::kDim);
  }
}

Task<void> CancelOnInterrupt(asio::signal_set& signals, async::TaskGroup& work) {
  if (co_await async::IsCancelled()) co_return;  // the import was over before this began
  const auto [error, number] = co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
  if (!error) work.Cancel(CancelReason::kUser);
}

Task<void> ImportAll(storage::Database& database, const Settings& settings,
                     const ImportCommand& command, Result<workspace::ImportReport>& result) {
  IdGenerator ids(SystemClock());
  async::BlockingPool files("files", 1);
  auto store = co_await workspace::DocumentStore::Open(database, SystemClock(), ids);
  if (!store) {
    result = Fail(std::move(store).error());
    co_return;
  }
  const auto zone = workspace::org::TimeZone::Find(settings.Text("timezone"));
  if (!zone) {
    result = Fail(zone.error());
    co_return;
  }
  auto org = co_await workspace::org::OrgStore::Open(database, SystemClock(), ids, *zone);
  if (!org) {
    result = Fail(std::move(org).error());
    co_return;
  }
  Terminal err(stderr);
  ProgressBar bar(err);
  result = co_await workspace::Import(
      **store, files, settings.Text("user"), command.paths,
      [&bar](const workspace::ImportProgress& progress) {
        bar.Draw(progress.seen, progress.total, progress.current);
      },
      org->get());
}

Task<Result<workspace::ImportReport>> ImportUntilInterrupted(storage::Database& database,
                                                             const Settings& settings,
                                                             const ImportCommand& command) {
  Result<workspace::ImportReport> result = workspace::ImportReport();
  const async::Executor executor = co_await async::CurrentExecutor();
  asio::signal_set signals(executor, SIGINT);
  async::TaskGroup work(executor);
  async::TaskGroup watch(executor);
  work.Spawn(ImportAll(database, settings, command, result));
  watch.Spawn(CancelOnInterrupt(signals, work));
  co_await work.Join();
  watch.Cancel(CancelReason::kSuperseded);
  co_await watch.Join();
  co_return result;
}

}  // namespace

Result<workspace::ImportReport> ImportPaths(const Settings& settings,
                                            const ImportCommand& command) {
  MetricsRegistry metrics;
  auto database =
      storage::OpenDatabase(DatabaseAddress(settings), metrics, PostgresLimits(settings));
  if (!database) return Fail(std::move(database).error().With(kDatabaseDetail, "closed"));
  return async::BlockOn(ImportUntilInterrupted(**database, settings, command));
}

int RunImport(const Settings& settings, const ImportCommand& command) {
  umask(0077);  // as RunServe
  const auto started = std::chrono::steady_clock::now();
  const auto report = ImportPaths(settings, command);
  if (!report && report.error().details().contains(kDatabaseDetail)) {
    return ReportError(report.error(), "--data names the data folder");
  }
  if (!report) {
    return ReportError(report.error(), report.error().code() == Code::kCancelled
                                           ? "what was imported stays; run it again to go on"
                                           : "");
  }
  Report(*report, std::chrono::steady_clock::now() - started, settings);
  return 0;
}

}  // namespace baton::app
