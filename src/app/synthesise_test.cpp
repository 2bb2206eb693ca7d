#include "app/synthesise.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include <dbnet/error.hpp>

#include "app/dataset_config.hpp"
#include "core/file.hpp"
#include "data/dataset.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;

struct Options : SynthesisOptions {
    synth::SynthOptions pictures;
};

Options options_for(const std::string& folder, std::string_view format) {
    Options options;
    options.pictures.size = {256, 192};
    options.pictures.count = 6;
    options.pictures.texts = 5;
    options.folder = folder;
    options.format = formats::find(format);
    options.file = PictureFile::png;
    options.threads = 2;
    return options;
}

SynthesisSummary run(const Options& options, const SynthesisHooks& hooks) {
    return synthesise(synth::Generator(options.pictures), options, hooks);
}

SynthesisHooks silent() {
    return {[](std::uint64_t, std::uint64_t) {}, [](const std::string&) {}, [] { return false; }};
}

std::string message_of(const Options& options) {
    try {
        run(options, silent());
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

/// The largest distance of corners; infinite if there is another number of them.
double distance(const Polygon& a, const Polygon& b) {
    if (a.size() != b.size()) return INFINITY;
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        most = std::max(most, std::hypot(a[i].x - b[i].x, a[i].y - b[i].y));
    return most;
}

TEST(Synthesise, every_format_reads_back_as_a_data_set) {
    for (const std::string_view format :
         {"icdar", "json", "labelme", "paddle", "jsonl", "csv", "coco"}) {
        const test::TempDir folder;
        const Options options = options_for(folder / "set", format);
        const SynthesisSummary summary = run(options, silent());
        EXPECT_EQ(summary.made, 6u);
        data::DatasetSpec spec;
        spec.format = format;
        spec.images = folder / "set/images";
        if (data::usual_labels(spec.format, spec.images + "/x.png").empty())
            spec.labels = summary.labels;
        const data::Dataset dataset(spec);
        ASSERT_EQ(dataset.images().size(), 6u) << format;
        const synth::Generator generator(options.pictures);
        for (std::size_t i = 0; i < 6; ++i) {
            const data::Picture read = data::read_picture(spec, dataset.images()[i]);
            const data::Picture made = generator.make(i);
            ASSERT_EQ(read.regions.size(), made.regions.size()) << format;
            EXPECT_TRUE(std::equal(made.image.row(0), made.image.row(0) + 256 * 192 * 3,
                                   read.image.row(0)));
            for (std::size_t r = 0; r < made.regions.size(); ++r) {
                const formats::RecordRegion& wanted = made.regions[r];
                EXPECT_EQ(read.regions[r].ignore, wanted.ignore) << format;
                if (!wanted.ignore) {
                    EXPECT_EQ(read.regions[r].text, wanted.text) << format;
                }
                // ICDAR has whole pixels and four points.
                const double most = format == "icdar" ? 0.75 : 0.01;
                if (format != "icdar" || wanted.polygon.size() == 4) {
                    EXPECT_LT(distance(read.regions[r].polygon, wanted.polygon), most) << format;
                }
            }
        }
    }
}

TEST(Synthesise, goes_on_where_it_was_interrupted) {
    const test::TempDir folder;
    Options options = options_for(folder / "set", "icdar");
    options.threads = 1;
    SynthesisHooks hooks = silent();
    int asked = 0;
    hooks.interrupted = [&] { return ++asked > 3; };
    EXPECT_TRUE(run(options, hooks).interrupted);
    EXPECT_FALSE(fs::exists(folder / "set/images/000005.png"));
    // Half a picture: labels without an image.
    fs::remove(folder / "set/images/000001.png");
    const auto kept = fs::last_write_time(folder / "set/images/000000.png");
    const SynthesisSummary summary = run(options, silent());
    EXPECT_EQ(summary.made, 4u);
    EXPECT_EQ(summary.skipped, 2u);
    EXPECT_TRUE(fs::exists(folder / "set/images/000001.png"));
    EXPECT_EQ(fs::last_write_time(folder / "set/images/000000.png"), kept);
    for (const auto& entry : fs::recursive_directory_iterator(folder / "set"))
        EXPECT_EQ(entry.path().string().find(".tmp"), std::string::npos) << entry.path();

    options.pictures.count = 8;  // more of the same
    EXPECT_EQ(run(options, silent()).made, 2u);
    options.pictures.curved = 0.5;
    EXPECT_NE(message_of(options).find("other options (curved: 0.15 -> 0.5)"), std::string::npos);
}

TEST(Synthesise, its_options_are_a_data_set_of_a_configuration) {
    const test::TempDir folder;
    Options options = options_for(folder / "set", "json");
    options.pictures.unit = synth::Unit::line;
    options.pictures.camera.noise = false;
    run(options, silent());
    const YamlNode node = read_yaml(folder / "set/synth.yaml");
    std::vector<data::DatasetSpec> specs;
    read_value(ConfigValue{node, "data"}, specs);
    ASSERT_EQ(specs.size(), 1u);
    const data::Dataset dataset(specs[0]);
    EXPECT_EQ(dataset.images().size(), 6u);
    const data::Picture picture = data::read_picture(specs[0], dataset.images()[4]);
    const data::Picture made = synth::Generator(options.pictures).make(4);
    ASSERT_EQ(picture.regions.size(), made.regions.size());
    for (std::size_t i = 0; i < made.regions.size(); ++i)
        EXPECT_EQ(picture.regions[i].polygon, made.regions[i].polygon);
    // Written and read again it is the same.
    YamlNode again;
    write_value(again, specs[0]);
    std::vector<data::DatasetSpec> reread;
    read_value(ConfigValue{again, "data"}, reread);
    YamlNode third;
    write_value(third, reread[0]);
    EXPECT_EQ(write_yaml(again), write_yaml(third));
}

TEST(Synthesise, configurations_are_checked) {
    const auto message = [](const std::string& text) -> std::string {
        const YamlNode node = parse_yaml(text, "train.yaml");
        std::vector<data::DatasetSpec> specs;
        try {
            read_value(ConfigValue{node, "data.train"}, specs);
        } catch (const Error& error) {
            return error.what();
        }
        return "no error";
    };
    EXPECT_EQ(message("{format: synth, count: 3, words: null}"), "no error");
    EXPECT_NE(message("{format: synth, images: a}").find("images"), std::string::npos);
    EXPECT_NE(message("{format: synth, curved: 2}")
                  .find("train.yaml:1: data.train: synthetic text:"
                        " curved is 2, expected 0 to 1"),
              std::string::npos);
    EXPECT_NE(message("{format: synth, backgrounds: {format: icdar}}").find("has no images"),
              std::string::npos);
    EXPECT_NE(message("{format: synt, images: a}").find("did you mean 'synth'"), std::string::npos);
    EXPECT_EQ(message("{format: none, images: a}"), "no error");
}

TEST(Synthesise, a_picture_that_cannot_be_made_leaves_the_others_alone) {
    const test::TempDir folder;
    fs::create_directories(folder / "photos");
    core::write_file(folder / "photos/broken.jpg", "no image");
    Options options = options_for(folder / "set", "jsonl");
    options.pictures.count = 20;
    data::DatasetSpec& photographs = options.pictures.backgrounds.emplace();
    photographs.format = "none";
    photographs.images = folder / "photos";
    SynthesisHooks hooks = silent();
    std::vector<std::string> errors;
    hooks.on_error = [&](const std::string& message) { errors.push_back(message); };
    const SynthesisSummary summary = run(options, hooks);
    EXPECT_GT(summary.failed, 5u);
    EXPECT_GT(summary.made, 0u);
    EXPECT_EQ(summary.failed + summary.made, 20u);
    ASSERT_EQ(errors.size(), summary.failed);
    EXPECT_NE(errors[0].find("broken.jpg"), std::string::npos);
}

}  // namespace
}  // namespace dbnet::app
