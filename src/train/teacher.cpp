#include "train/teacher.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <span>

#include "core/error.hpp"
#include "core/file.hpp"
#include "image/encode.hpp"

namespace dbnet::train {
namespace {

namespace fs = std::filesystem;

/// Two multiplicative hashes of eight bytes at a time: contents are told apart, nobody attacks
/// them.
class Hash {
public:
    void add(std::span<const std::uint8_t> bytes) {
        for (std::size_t i = 0; i < bytes.size(); i += sizeof(std::uint64_t)) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes.data() + i, std::min(sizeof word, bytes.size() - i));
            add(word);
        }
        add(static_cast<std::uint64_t>(bytes.size()));
    }
    void add(std::uint64_t word) {
        first_ = mixed((first_ ^ word) * 0x9e3779b97f4a7c15);
        second_ = mixed((second_ + word) * 0xc2b2ae3d27d4eb4f);
    }
    std::string text() const {
        char digits[33];
        std::snprintf(digits, sizeof digits, "%016llx%016llx",
                      static_cast<unsigned long long>(first_),
                      static_cast<unsigned long long>(second_));
        return digits;
    }

private:
    static std::uint64_t mixed(std::uint64_t value) { return value ^ (value >> 29); }

    std::uint64_t first_ = 0x243f6a8885a308d3;
    std::uint64_t second_ = 0x13198a2e03707344;
};

std::string hash_of(std::span<const std::uint8_t> bytes) {
    Hash hash;
    hash.add(bytes);
    return hash.text();
}

std::string hash_of(const Image& picture) {
    Hash hash;
    hash.add(static_cast<std::uint64_t>(picture.width()));
    const ImageView view = picture.view();
    for (int y = 0; y < view.height; ++y)
        hash.add({view.row(y), static_cast<std::size_t>(view.width) * 3});
    return hash.text();
}

std::uint64_t bytes_in(const std::string& folder) {
    std::uint64_t sum = 0;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
        const auto size = entry.file_size(error);
        if (!error) sum += size;
    }
    return sum;
}

/// Undefined (no values) when there is no such map, or none that can be read.
data::SoftMap read_map(const std::string& file) {
    std::error_code error;
    if (!fs::exists(file, error)) return {};
    try {
        const Image image = Image::read(file);
        data::SoftMap map{{image.width(), image.height()}, {}};
        map.values.reserve(static_cast<std::size_t>(image.width()) *
                           static_cast<std::size_t>(image.height()));
        const ImageView view = image.view();
        for (int y = 0; y < view.height; ++y)
            for (int x = 0; x < view.width; ++x) map.values.push_back(view.row(y)[3 * x]);
        return map;
    } catch (const Error&) {
        return {};
    }
}

}  // namespace

Teacher::Teacher(const DistillOptions& options, const std::string& folder, int threads)
    : detector_(Detector::open(options.model, {.threads = threads, .lanes = 1})),
      model_(hash_of(core::read_file(options.model)) + options.size.to_string()),
      folder_(options.cache.empty() ? folder : options.cache),
      most_bytes_(static_cast<std::uint64_t>(options.cache_mb * 1e6)) {
    settings_.size = options.size;
    settings_.keep_map = true;
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) core::fail(ErrorCode::io, folder_, ": cannot create: ", error.message());
    bytes_ = bytes_in(folder_);
}

std::string Teacher::key_of(const std::string& file, const Image* made) const {
    if (made != nullptr) return hash_of(*made);
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = keys_.find(file); found != keys_.end()) return found->second;
    }
    std::string key = hash_of(core::read_file(file));
    const std::lock_guard lock(mutex_);
    return keys_.emplace(file, std::move(key)).first->second;
}

data::SoftMap Teacher::map_of(const std::string& file, const Image* made) const {
    const std::string key = model_ + key_of(file, made);
    const std::string kept =
        folder_ + '/' + hash_of({reinterpret_cast<const std::uint8_t*>(key.data()), key.size()}) +
        ".png";
    data::SoftMap map = read_map(kept);
    if (!map.values.empty()) return map;
    map = compute(made != nullptr ? *made : Image::read(file));
    keep(kept, map);
    return map;
}

/// Without what the network's input was padded with.
data::SoftMap Teacher::compute(const Image& picture) const {
    const ProbabilityMap full = detector_.detect(picture, settings_).map;
    ++computed_;
    data::SoftMap map{{full.valid_width, full.valid_height}, {}};
    map.values.reserve(static_cast<std::size_t>(full.valid_width) *
                       static_cast<std::size_t>(full.valid_height));
    for (int y = 0; y < full.valid_height; ++y) {
        const float* row = full.values.data() + static_cast<std::ptrdiff_t>(y) * full.width;
        for (int x = 0; x < full.valid_width; ++x)
            map.values.push_back(
                static_cast<std::uint8_t>(std::lround(255 * std::clamp(row[x], 0.0f, 1.0f))));
    }
    return map;
}

/// A folder that is full, or a disk, costs time, not the run.
void Teacher::keep(const std::string& file, const data::SoftMap& map) const {
    try {
        const std::vector<std::uint8_t> png =
            image::encode_png(ImageView{map.values.data(), map.size.width, map.size.height,
                                        map.size.width, PixelFormat::grey8});
        if (bytes_ + png.size() > most_bytes_) return;
        core::write_file(file, png);
        bytes_ += png.size();
    } catch (const Error&) {
    }
}

}  // namespace dbnet::train
