#include "main/agents_new.h"

#include <array>
#include <cctype>
#include <filesystem>

#include <fmt/format.h>

#include "agents/agent_spec.h"
#include "agents/workflow.h"
#include "base/nearest_name.h"
#include "base/read_file.h"
#include "base/write_file.h"
#include "main/agents_folder.h"
#include "main/terminal.h"

namespace baton::app {
namespace {

namespace fs = std::filesystem;

// What a new agent has, by the graph that runs it.
struct Beginning {
  std::string_view workflow;
  std::string_view front_matter;  // behind `workflow:`
  std::string_view prompt;
};

constexpr std::array kBeginnings = {
    Beginning{
        "conversation", "tools: [search_documents, get_document]\n",
        "Answer in the language of the user's last message, as short as the question allows.\n"
        "Search the documents when the question is about the user's own affairs, and put the\n"
        "number of the source, such as [1], behind what you take from one.\n"},
    Beginning{
        "automation", "tools: [search_documents, create_document]\n",
        "Do what the user asks with the tools, one call for each thing to be done. If you do\n"
        "not know what is meant, ask in one question and call nothing.\n"},
    Beginning{
        "research", "tools: [search_documents, get_document]\nparameters: {max_rounds: 2}\n",
        "Answer from the passages and from nothing else, each statement with the number of its\n"
        "source, such as [1]. Say which part of the question they leave open.\n"},
    Beginning{
        "editor", "edits: [note]\ntools: [search_documents]\n",
        "Propose changes to the open document. Change only what the user asks for, and keep the\n"
        "words of everything else.\n"},
    Beginning{
        "transform", "",
        "Bring what the user has given into the form they ask for. Every value stays as it is:\n"
        "add nothing, leave out nothing.\n"},
    Beginning{
        "simulation", "keeps_conversation: true\n",
        "You lead a game. After each order of the player say what happens, fairly and in a few\n"
        "sentences, and what the situation is.\n"},
};

std::string TitleOf(std::string_view name) {
  std::string title(name);
  for (char& c : title) c = c == '_' ? ' ' : c;
  if (!title.empty()) title.front() = static_cast<char>(std::toupper(title.front()));
  return title;
}

Result<std::string> TextFor(const Settings& settings, const AgentsCommand& command) {
  if (command.from.empty()) return NewAgentText(command.name, command.workflow);
  const auto folder = FindAgentsFolder(settings);
  if (!folder) return Fail(folder.error());
  const auto text = ReadFile(*folder / (command.from + ".md"));
  if (!text) return Fail(Code::kNotFound, "no agent '{}' in {}", command.from, folder->string());
  return CopiedAgentText(*text, command.name);
}

Result<fs::path> DirectoryFor(const Settings& settings, const AgentsCommand& command) {
  if (command.directory.empty()) return FindAgentsFolder(settings);
  std::error_code error;
  fs::create_directories(command.directory, error);
  if (!error) return command.directory;
  return Fail(Code::kUnavailable, "folder '{}': {}", command.directory.string(), error.message());
}

// Of a copied agent that gives its answer in a form: the form's file, unless there is one.
Status CopySchema(const Settings& settings, const agents::AgentSpec& spec,
                  const fs::path& directory) {
  if (!spec.output) return {};
  const fs::path schema = fs::path("schemas") / (spec.output->name + ".json");
  std::error_code error;
  const auto folder = FindAgentsFolder(settings);
  if (!folder || fs::exists(directory / schema, error)) return {};
  fs::create_directories(directory / "schemas", error);
  if (!error) fs::copy_file(*folder / schema, directory / schema, error);
  if (!error) return {};
  return Fail(Code::kUnavailable, "{}: {}", (directory / schema).string(), error.message());
}

Result<fs::path> WriteAgent(const Settings& settings, const AgentsCommand& command) {
  const auto text = TextFor(settings, command);
  if (!text) return Fail(text.error());
  const auto known = KnownAgentNames();
  if (!known) return Fail(known.error());
  // A name that can be no agent's is found here, and so never becomes a path.
  const auto read = agents::ParseAgentFile(*text, command.name + ".md", *known);
  if (!read) return Fail(read.error());
  const auto directory = DirectoryFor(settings, command);
  if (!directory) return Fail(directory.error());
  fs::path file = *directory / (command.name + ".md");
  BATON_TRY(CreateNewFile(file, *text));
  BATON_TRY(CopySchema(settings, *read, *directory));
  return file;
}

}  // namespace

Result<std::string> NewAgentText(std::string_view name, std::string_view workflow) {
  for (const Beginning& beginning : kBeginnings) {
    if (beginning.workflow != workflow) continue;
    return fmt::format(
        "---\nname: {}\ntitle: {}\ndescription: What it does, in one sentence.\n"
        "when: The user asks for what this agent is for.\nexamples:\n"
        "  - A request that it is for.\nworkflow: {}\n{}model: default\n---\n"
        "You are {{{{ai_name}}}} and help {{{{user_name}}}}. Today is {{{{today}}}}.\n\n{}",
        name, TitleOf(name), workflow, beginning.front_matter, beginning.prompt);
  }
  std::string known;
  for (const agents::Workflow& each : agents::Workflows()) {
    known += (known.empty() ? "" : ", ") + std::string(each.name);
  }
  return Fail(Code::kInvalidArgument, "no workflow '{}': {}", workflow, known);
}

std::string CopiedAgentText(std::string_view text, std::string_view name) {
  std::string copied;
  bool named = false;
  bool titled = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    if (!named && line.starts_with("name:")) {
      named = true;
      copied += fmt::format("name: {}\n", name);
    } else if (!titled && line.starts_with("title:")) {
      titled = true;
      copied += fmt::format("title: {}\n", TitleOf(name));
    } else {
      copied += line;
    }
  }
  return copied;
}

int NewAgent(const Settings& settings, const AgentsCommand& command) {
  const auto file = WriteAgent(settings, command);
  if (!file) {
    return ReportError(file.error(), file.error().code() == Code::kAlreadyExists
                                         ? "another name, or another --dir"
                                         : "");
  }
  Terminal out(stdout);
  out.WriteLine(file->string());
  Terminal err(stderr);
  err.WriteLine(
      fmt::format("\nnow say in it what the agent is for: `description`, `when` and `examples` are "
                  "what the router goes by{}. then\n"
                  "  baton agents lint {}\n  baton agents try {} \"…\"",
                  command.from.empty() ? "" : " and still those of '" + command.from + "'",
                  file->string(), file->string()),
      Style::kDim);
  return 0;
}

}  // namespace baton::app
