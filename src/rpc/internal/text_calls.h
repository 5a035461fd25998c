// ToolService's methods that need nothing but the text they are given.
#pragma once

#include "rpc/internal/described_service.h"

namespace baton::rpc::internal {

inline constexpr int kDefaultVariations = 3;
inline constexpr int kMaxVariations = 20;

// Adds AnalyzeTextContent, ExpandQuery and CreateChart, which yields SVG or, interactive, a
// Vega-Lite specification; all run on a pool of the service's.
void ServeText(DescribedService& service);

}  // namespace baton::rpc::internal
