#include "graph/draw_mermaid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/testing/harness.h"

namespace baton::graph {
namespace {

using testing::GraphDraft;
using ::testing::HasSubstr;
using ::testing::Not;

Result<Route> ToTheEnd(const json::Value&) { return Route{{std::string(kEnd)}, {}}; }

TEST(DrawMermaid, DrawsNodesByNameAndEdgesByTheirKind) {
  const testing::GraphPtr graph = GraphDraft()
                                      .Say("plan")
                                      .Say("search")
                                      .Say("fetch")
                                      .Say("write")
                                      .Edge(kStart, "plan")
                                      .Branch("plan", ToTheEnd, {"search", "fetch", "END"})
                                      .Join({"search", "fetch"}, "write")
                                      .Compile();
  EXPECT_EQ(DrawMermaid(*graph),
            "---\nconfig:\n  flowchart:\n    curve: linear\n---\ngraph TD;\n"
            "\t__start__([<p>__start__</p>]):::first\n"
            "\tfetch(fetch)\n"
            "\tplan(plan)\n"
            "\tsearch(search)\n"
            "\twrite(write)\n"
            "\t__end__([<p>__end__</p>]):::last\n"
            "\t__start__ --> plan;\n"
            "\tfetch --> write;\n"
            "\tplan -.-> __end__;\n"
            "\tplan -.-> fetch;\n"
            "\tplan -.-> search;\n"
            "\tsearch --> write;\n"
            "\twrite --> __end__;\n"
            "\tclassDef default fill:#f2f0ff,line-height:1.2\n"
            "\tclassDef first fill-opacity:0\n"
            "\tclassDef last fill:#bfb6fc\n");
}

TEST(DrawMermaid, DrawsWhatANodeMayGoTo) {
  const testing::GraphPtr graph =
      GraphDraft()
          .Say("a", {.destinations = {"b", "END"}})
          .Say("b")
          .Say("any")
          .Edge(kStart, "a")
          .Edge("b", "any")
          .Branch("any", ToTheEnd)
          .Compile({.interrupt_before = {"b"}, .interrupt_after = {"a", "b"}});
  const std::string drawing = DrawMermaid(*graph);
  EXPECT_THAT(drawing, HasSubstr("\ta -.-> __end__;\n\ta -.-> b;\n"));
  EXPECT_THAT(drawing, Not(HasSubstr("a --> ")));
  EXPECT_THAT(drawing, HasSubstr("\tany -.-> __end__;\n\tany -.-> a;\n\tany -.-> any;\n"));
  EXPECT_THAT(drawing, HasSubstr("b(b<hr/><small><em>__interrupt = before,after</em></small>)\n"));
  EXPECT_THAT(drawing, HasSubstr("a(a<hr/><small><em>__interrupt = after</em></small>)\n"));
}

TEST(DrawMermaid, DrawsTheInsideOfSubgraphsOnDemand) {
  const testing::GraphPtr inner = GraphDraft().Say("x").Say("y").Chain({"x", "y"}).Compile();
  const testing::GraphPtr graph =
      GraphDraft().Say("a").Sub("s", inner).Say("b").Chain({"a", "s", "b"}).Compile();
  EXPECT_THAT(DrawMermaid(*graph), HasSubstr("\ts(s)\n"));
  const std::string expanded = DrawMermaid(*graph, {.expand_subgraphs = true});
  EXPECT_THAT(expanded, HasSubstr("\tsubgraph s [s]\n\t\ts\\3ax(x)\n\t\ts\\3ay(y)\n\tend\n"));
  EXPECT_THAT(expanded,
              HasSubstr("\ta --> s;\n\tb --> __end__;\n\ts --> b;\n\ts\\3ax --> s\\3ay;\n"));
}

TEST(DrawMermaid, QuotesNamesThatMermaidCouldTakeForItsOwn) {
  const testing::GraphPtr graph =
      GraphDraft().Say("say (\"hi\")").Say("end").Chain({"say (\"hi\")", "end"}).Compile();
  const std::string drawing = DrawMermaid(*graph);
  EXPECT_THAT(drawing, HasSubstr("\tsay\\20\\28\\22hi\\22\\29(\"say (#34;hi#34;)\")\n"));
  EXPECT_THAT(drawing, HasSubstr("\t\\65nd(\"end\")\n"));
}

}  // namespace
}  // namespace baton::graph
