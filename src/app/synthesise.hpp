#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "formats/formats.hpp"
#include "synth/generator.hpp"

// Synthetic scene text as a data set on disk.
namespace dbnet::app {

enum class PictureFile { jpeg, png };

struct SynthesisOptions {
    std::string folder;
    const formats::Format* format = nullptr;  ///< one that is written and read
    PictureFile file = PictureFile::jpeg;
    int threads = 1;
};

struct SynthesisHooks {
    std::function<void(std::uint64_t done, std::uint64_t count)> on_picture;
    std::function<void(const std::string& message)> on_error;  ///< a picture that cannot be made
    std::function<bool()> interrupted;
};

struct SynthesisSummary {
    std::uint64_t made = 0;
    std::uint64_t skipped = 0;  ///< were there already
    std::uint64_t failed = 0;
    std::uint64_t texts = 0;  ///< in the pictures that were made
    double seconds = 0;
    bool interrupted = false;
    std::string labels;  ///< the folder or the file
};

/// Writes pictures to FOLDER/images and labels where data::list_images() looks for them, or to
/// FOLDER/labels.*; the options to FOLDER/synth.yaml. Each file appears complete or not at all, and
/// what is there already is left alone, so that the same call goes on after an interruption; a
/// folder with other options is refused, unless only the number of pictures is another. Throws
/// Error: invalid_argument, io.
SynthesisSummary synthesise(const synth::Generator& generator, const SynthesisOptions& options,
                            const SynthesisHooks& hooks);

}  // namespace dbnet::app
