#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <dbnet/image.hpp>

// Whether two pictures show the same, also after scaling and compression.
namespace dbnet::app {

/// How brightness changes between the cells of a coarse grid: 64 signs across, 64 down.
struct Fingerprint {
    std::uint64_t across = 0;
    std::uint64_t down = 0;
    float aspect = 1;    ///< width by height
    bool plain = false;  ///< too little in the picture to tell it from others
    friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

Fingerprint fingerprint(const Image& image);

/// Whether at most 6 of the 128 signs differ, and the shape by at most 2 percent; plain pictures
/// are like none.
bool are_alike(const Fingerprint& a, const Fingerprint& b);

/// Pictures by their fingerprints.
class PictureIndex {
public:
    void add(const Fingerprint& print, std::string name);
    /// The first of those added that is alike.
    std::optional<std::string> find(const Fingerprint& print) const;
    std::size_t size() const noexcept { return pictures_.size(); }

private:
    struct Entry {
        Fingerprint print;
        std::string name;
    };
    std::vector<Entry> pictures_;
    std::unordered_multimap<std::uint32_t, std::uint32_t> by_part_;
};

}  // namespace dbnet::app
