#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <dbnet/image.hpp>

#include "core/file.hpp"

namespace dbnet::app {

/// Writes what TensorBoard shows: events.out.tfevents.* with scalars and images by tag and step. A
/// folder may hold the files of several sittings; each makes TensorBoard forget what an earlier one
/// wrote about steps from its first on.
class TensorBoardWriter {
public:
    using Scalars = std::vector<std::pair<std::string, double>>;

    /// Begins a file in `folder`, which is made if it is missing. Throws Error{io}, as all members.
    TensorBoardWriter(const std::string& folder, std::uint64_t first_step);

    /// Values that are not finite are left out.
    void add_scalars(std::uint64_t step, const Scalars& scalars);
    void add_image(std::uint64_t step, const std::string& tag, const Image& image);

private:
    void add_event(std::uint64_t step, int field, const std::string& content);

    core::AppendFile file_;
};

}  // namespace dbnet::app
