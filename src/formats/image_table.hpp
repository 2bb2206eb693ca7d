#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "formats/document.hpp"
#include "formats/packed.hpp"

// For documents that have images in one table and their texts in another, in either order.
namespace dbnet::formats {

/// An identifier, a whole number or a string, as text. Throws Error{malformed}.
std::string identifier(const Json& object, const char* key, const Where& where);

class ImageTable {
public:
    explicit ImageTable(std::string file) : file_(std::move(file)) {}

    /// An image. Throws Error{malformed} if another has the same identifier.
    void add_image(const std::string& id, Record&& record, const Where& where);
    /// A text of the image, before or after it was added.
    void add_text(const std::string& image, const RecordRegion& region);
    /// The images with their texts, in the order in which they were added; texts of images that
    /// were not are a problem each.
    void deliver(const RecordSink& sink);

private:
    struct Entry {
        std::uint32_t image = UINT32_MAX;  ///< place in images_
        PackedRegions texts;
    };

    std::string file_;
    std::unordered_map<std::string, std::uint32_t> by_id_;
    std::vector<Entry> entries_;
    std::vector<Record> images_;
    std::vector<std::uint32_t> entry_of_image_;
};

}  // namespace dbnet::formats
