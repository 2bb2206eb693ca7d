#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>

#include <dbnet/detector.hpp>

#include "data/soft_map.hpp"
#include "train/options.hpp"

// A detector whose probability maps a network learns from. Without LibTorch.
namespace dbnet::train {

/// Computes the map of each image once, with our own engine, and keeps it in a folder as a grey PNG
/// named by the contents of image and model and the input size, so that several runs, and a run
/// that goes on, share it.
class Teacher : public data::SoftMapSource {
public:
    /// Maps are kept in DistillOptions::cache, or in `folder` where that is empty. Throws Error as
    /// Detector::open does; io when the folder cannot be made.
    Teacher(const DistillOptions& options, const std::string& folder, int threads);

    data::SoftMap map_of(const std::string& file, const Image* made) const override;

    std::uint64_t computed() const noexcept {
        return computed_;
    }  ///< maps, not found in the folder

private:
    std::string key_of(const std::string& file, const Image* made) const;
    data::SoftMap compute(const Image& picture) const;
    void keep(const std::string& file, const data::SoftMap& map) const;

    Detector detector_;
    DetectOptions settings_;
    std::string model_;   ///< hash of its content, and the input size
    std::string folder_;  ///< empty: nothing is kept
    std::uint64_t most_bytes_;
    mutable std::atomic<std::uint64_t> bytes_ = 0;  ///< in the folder
    mutable std::atomic<std::uint64_t> computed_ = 0;
    mutable std::mutex mutex_;                         ///< of keys_
    mutable std::map<std::string, std::string> keys_;  ///< of files, by path
};

}  // namespace dbnet::train
