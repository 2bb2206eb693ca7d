#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/holdout.hpp"
#include "data/picture_source.hpp"
#include "formats/formats.hpp"

// Data sets: images of a folder and the annotations that belong to them (docs/data.md).
namespace dbnet::data {

enum class Split {
    all,
    train,    ///< what is not in the holdout
    holdout,  ///< what is held back from training
};

std::string_view name_of(Split split);

enum class Unlabelled {
    error,     ///< every image needs its labels
    negative,  ///< an image without labels shows no text
};

struct Size {
    int width = 0;
    int height = 0;
    friend bool operator==(const Size&, const Size&) = default;
};

/// The size at which images enter the augmentation: "720x1280" (height x width), "736" (shorter
/// side) or empty (as they are).
class ResizeRule {
public:
    ResizeRule() = default;
    /// Throws Error{invalid_argument} for any other text, and for sides outside 16 ... 16384.
    static ResizeRule parse(const std::string& text);
    Size apply(Size image) const;
    /// What parse() reads as the same rule.
    std::string to_string() const;
    friend bool operator==(const ResizeRule&, const ResizeRule&) = default;

private:
    int height_ = 0;  ///< the shorter side if width_ is 0
    int width_ = 0;
};

/// The format of images that show no text.
inline constexpr std::string_view kNoText = "none";
/// The format of images of whose text nobody knows: only a teacher can say what they show.
inline constexpr std::string_view kUnlabelled = "unlabelled";

/// What a user says about a data set.
struct DatasetSpec {
    std::string format;  ///< of the annotations: a name of formats::all(), kNoText or kUnlabelled
    std::string images;  ///< folder
    /// Folder, or the file of formats with one; empty: where the format has it.
    std::string labels = {};
    Split split = Split::all;
    double weight = 1;  ///< how often each image comes in an epoch, on average
    Holdout holdout = {};
    ResizeRule resize = {};
    Unlabelled unlabelled = Unlabelled::error;
    /// If set, the pictures are made, not read: `format`, `labels` and `unlabelled` do not matter,
    /// and `images` is what messages call the source.
    std::shared_ptr<const PictureSource> source = {};
};

struct LabelledImage {
    std::string image;   ///< path
    std::string labels;  ///< path; empty: there are none, and that is right
    std::vector<formats::RecordRegion> regions = {};  ///< of formats with one file for all images
    std::uint64_t number = 0;                         ///< of a picture that is made
    Size annotated = {};   ///< what a common label file says of the image's size; zeros: nothing
    std::size_t line = 0;  ///< of the common label file, if that has lines
};

/// What results call the image: its file name without the extension.
std::string name_of(const LabelledImage& image);

/// The images of the split, sorted by path (made ones: by number), and what stands in the way of
/// using all of them: an image without labels, a label file that names no image, a name that two
/// images have.
struct Listing {
    std::vector<LabelledImage> images;
    std::vector<std::string> problems;
    /// Label files without an image and images that the common label file does not name: nobody
    /// misses them, but they may be slips.
    std::vector<std::string> unused;
};

/// Throws Error: invalid_argument (an unknown format, no place to look for labels), io (a folder or
/// file that cannot be read), malformed (an annotation file for all images, if nothing of it can be
/// used; malformed parts of it are problems).
Listing list_images(const DatasetSpec& spec);

/// Where the labels of an image are looked for if nobody says so; empty: nowhere. Throws
/// Error{invalid_argument} when the folder's name has no place for them (icdar).
std::string usual_labels(const std::string& format, const std::string& image);

/// A data set that can be used.
class Dataset {
public:
    /// As list_images(); problems and an empty split are errors, too (malformed).
    explicit Dataset(DatasetSpec spec);

    const DatasetSpec& spec() const noexcept { return spec_; }
    const std::vector<LabelledImage>& images() const noexcept { return images_; }

    /// Leaves out all but the first `count` images.
    void keep_first(std::size_t count);

private:
    DatasetSpec spec_;
    std::vector<LabelledImage> images_;
};

/// The annotations of an image, read from its file if it has one of its own. Throws as
/// formats::Format::read does.
std::vector<formats::RecordRegion> read_labels(const DatasetSpec& spec, const LabelledImage& image);

/// As read_labels(), with what the annotations say of the image's size and, of formats with one
/// file for all images, the line. Malformed parts of a file
/// of the image's own go to `take_problem`, if there is one, and are left out.
formats::Record read_record(const DatasetSpec& spec, const LabelledImage& image,
                            const formats::RecordSink::TakeProblem& take_problem = {});

/// The image and its annotations, read or made. Throws as Image::read and read_labels do.
Picture read_picture(const DatasetSpec& spec, const LabelledImage& image);

}  // namespace dbnet::data
