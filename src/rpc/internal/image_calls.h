// The image area of ToolService.
#pragma once

#include "rpc/internal/described_service.h"
#include "workspace/images/image_service.h"

namespace baton::rpc::internal {

// Adds GenerateImage, SearchImages and GetReferenceImageForObject. `images` outlives `service`.
void ServeImages(DescribedService& service, workspace::images::ImageService& images);

}  // namespace baton::rpc::internal
