#include "storage/testing/postgres_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <vector>

#include <fmt/format.h>

namespace baton::storage::testing {
namespace {

constexpr const char* kBinaries = "/usr/lib/postgresql/15/bin";
constexpr std::chrono::seconds kStartTimeout{60};
constexpr int kPollMs = 10;

// The account that the server runs under; ours unless we are root.
struct Account {
  uid_t uid;
  gid_t gid;
};

Result<Account> ServerAccount() {
  if (geteuid() != 0) return Account{geteuid(), getegid()};
  const passwd* entry = getpwnam("postgres");
  if (entry == nullptr) return Fail(Code::kFailedPrecondition, "there is no user 'postgres'");
  return Account{entry->pw_uid, entry->pw_gid};
}

// 0, which no server can use, if the machine has none left.
int FreePort() {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool found =
      bind(socket_fd, generic, size) == 0 && getsockname(socket_fd, generic, &size) == 0;
  close(socket_fd);
  return found ? ntohs(address.sin_port) : 0;
}

// Starts a program as `account`, its output going to `log`. The program ends when our thread
// does. Nothing but system calls between fork and exec: the process may have other threads.
Result<pid_t> Spawn(std::vector<std::string> command, Account account,
                    const std::filesystem::path& log) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return Fail(Code::kUnavailable, "cannot fork");
  if (child > 0) return child;
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  const bool is_root = geteuid() == 0;
  if (is_root &&
      (setgroups(0, nullptr) != 0 || setgid(account.gid) != 0 || setuid(account.uid) != 0)) {
    _exit(126);
  }
  // After setuid, which clears it. The parent may have died before it.
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (getppid() != parent) _exit(126);
  execv(arguments.front(), arguments.data());
  _exit(127);
}

std::string ReadText(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

Result<std::unique_ptr<PostgresServer>> PostgresServer::Start() {
  if (!std::filesystem::exists(fmt::format("{}/initdb", kBinaries))) {
    return Fail(Code::kFailedPrecondition, "no PostgreSQL in {}: install postgresql-15", kBinaries);
  }
  std::unique_ptr<PostgresServer> server(new PostgresServer());
  BATON_TRY(server->InitializeFolder());
  // Someone else may take the port between our look and the server's.
  Status started;
  for (int attempt = 0; attempt < 3; ++attempt) {
    server->port_ = FreePort();
    started = server->Restart();
    if (started.ok()) return server;
  }
  return Fail(std::move(started));
}

PostgresServer::~PostgresServer() {
  Kill();  // writing back what is about to be deleted would take seconds
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

Status PostgresServer::InitializeFolder() {
  const Result<Account> account = ServerAccount();
  if (!account) return account.error();
  std::string pattern = "/tmp/baton-postgres-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr)
    return Fail(Code::kUnavailable, "cannot make {}", pattern);
  folder_ = pattern;
  if (chown(folder_.c_str(), account->uid, account->gid) != 0) {
    return Fail(Code::kPermissionDenied, "cannot give {} to the server", pattern);
  }
  const Result<pid_t> initdb =
      Spawn({fmt::format("{}/initdb", kBinaries), "-D", folder_ / "data", "-A", "trust", "-U",
             "postgres", "--no-locale", "-E", "UTF8", "--no-sync"},
            *account, folder_ / "log");
  if (!initdb) return initdb.error();
  int status = 0;
  waitpid(*initdb, &status, 0);
  if (status != 0) return Fail(Code::kInternal, "initdb: {}", ReadText(folder_ / "log"));
  return {};
}

Status PostgresServer::Restart() {
  BATON_TRY(Launch());
  return AwaitReady();
}

Status PostgresServer::Launch() {
  const Result<Account> account = ServerAccount();
  if (!account) return account.error();
  const Result<pid_t> server =
      Spawn({fmt::format("{}/postgres", kBinaries), "-D", folder_ / "data", "-p",
             std::to_string(port_), "-c", "listen_addresses=127.0.0.1", "-c",
             "unix_socket_directories=" + folder_.string(), "-c", "fsync=on"},
            *account, folder_ / "log");
  if (!server) return server.error();
  pid_ = *server;
  return {};
}

Status PostgresServer::AwaitReady() {
  const auto give_up = std::chrono::steady_clock::now() + kStartTimeout;
  const std::string address = uri();
  while (PQping(address.c_str()) != PQPING_OK) {
    int status = 0;
    const bool ended = waitpid(pid_, &status, WNOHANG) == pid_;
    if (ended) pid_ = -1;
    if (ended || std::chrono::steady_clock::now() > give_up) {
      Kill();
      return Fail(Code::kUnavailable, "postgres does not start: {}", ReadText(folder_ / "log"));
    }
    poll(nullptr, 0, kPollMs);
  }
  return {};
}

Result<std::string> PostgresServer::CreateSchema(std::string_view name) {
  const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(uri().c_str()), PQfinish);
  const std::string sql = fmt::format("CREATE SCHEMA \"{}\"", name);
  const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(connection.get(), sql.c_str()),
                                                              PQclear);
  if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
    return Fail(Code::kUnavailable, "{}: {}", sql, PQerrorMessage(connection.get()));
  }
  return fmt::format("{}?options=-csearch_path%3D{}", uri(), name);
}

// SIGQUIT, not SIGKILL, after which the next start would have to wait for orphaned backends. The
// server calls it an immediate shutdown and recovers from it as from a crash.
void PostgresServer::Kill() {
  if (pid_ < 0) return;
  kill(pid_, SIGQUIT);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string PostgresServer::uri() const {
  return fmt::format("postgres://postgres@127.0.0.1:{}/postgres", port_);
}

}  // namespace baton::storage::testing
