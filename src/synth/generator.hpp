#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "data/dataset.hpp"
#include "synth/background.hpp"
#include "synth/camera.hpp"
#include "synth/font.hpp"
#include "synth/texture.hpp"
#include "synth/words.hpp"

// Synthetic scene text: pictures of text that is known exactly, in the spirit of SynthText (Gupta
// et al., 2016) and SynthTIGER (Yim et al., 2021).
namespace dbnet::synth {

/// What a label is about.
enum class Unit { word, line };

struct SynthOptions {
    std::uint64_t count = 10000;  ///< pictures, 1 to data::PictureSource::kMostPictures
    std::uint64_t seed = 0;
    data::Size size{640, 640};  ///< each side 64 to 4096
    std::string words = {};     ///< a text file (see WordSource); empty: words are made up
    std::string fonts = {};     ///< a folder; empty: the fonts of the machine
    /// Photographs with annotations (format "none": there is no text in them); four pictures of
    /// five show one of them. Without, all backgrounds are painted.
    std::optional<data::DatasetSpec> backgrounds = {};
    int texts = 12;         ///< blocks of text in a picture, at most; 1 to 100
    double curved = 0.15;   ///< share of the single lines that are bent, [0, 1]
    double min_height = 8;  ///< pixels; lower text is labelled as ignored; 4 to 100
    Unit unit = Unit::word;
    CameraOptions camera = {};
};

/// Throws Error{invalid_argument}, naming the option and its range.
void check(const SynthOptions& options);

/// Makes pictures with text: a picture is a function of the options, its number and the fonts of
/// the machine. Labels carry the transcription and a polygon around the ink: 4 points, more for
/// bent text. No two texts overlap. Thread-safe.
class Generator final : public data::PictureSource {
public:
    /// Throws Error: invalid_argument (see check), io and malformed (fonts, words, backgrounds;
    /// words that no font can set).
    explicit Generator(SynthOptions options);

    const SynthOptions& options() const noexcept { return options_; }
    std::uint64_t count() const override { return options_.count; }
    data::Picture make(std::uint64_t number) const override;

private:
    data::Picture background(core::Random& random) const;

    SynthOptions options_;
    FontSet fonts_;
    WordSource words_;
    const Textures& textures_ = Textures::shared();
    std::optional<Photographs> photographs_;
};

}  // namespace dbnet::synth
