#include "app/data_convert.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include <dbnet/error.hpp>

#include "app/data_stats.hpp"
#include "core/file.hpp"
#include "data/dataset.hpp"
#include "support/images.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Three images of 100x60 with ICDAR labels: two texts, one of them illegible; none; a broken line.
class Files {
public:
    Files() {
        fs::create_directories(folder_ / "images/sub");
        for (const char* name : {"1", "2", "3"})
            test::picture(100, 60).write(folder_ / ("images/" + std::string(name) + ".png"));
        fs::create_directories(folder_ / "gts");
        write("gts/gt_1.txt", "10,20,60,20,60,40,10,40,a, b\n1,2,9,2,9,8,1,8,###\n");
        write("gts/gt_2.txt", "");
        write("gts/gt_3.txt", "1,2,3\n1,2,9,2,9,8,1,8,c\n");
    }
    void write(const std::string& name, std::string_view content) const {
        core::write_file(folder_ / name, content);
    }
    std::string operator/(const std::string& name) const { return folder_ / name; }
    data::DatasetSpec spec() const { return {"", folder_ / "images"}; }

private:
    test::TempDir folder_;
};

class Conversion : public testing::Test {
protected:
    ConvertSummary run(const std::vector<std::string>& formats, bool strict = false) {
        ConvertOptions options;
        options.specs = {files_.spec()};
        options.specs[0].strict = strict;
        for (const std::string& name : formats) options.formats.push_back(formats::find(name));
        options.folder = files_ / "out";
        ConvertHooks hooks;
        hooks.on_record = [&](const formats::Record& record) { records_.push_back(record); };
        hooks.on_note = [&](const std::string& what) { notes_.push_back(what); };
        hooks.on_problem = [&](const std::string& what) { problems_.push_back(what); };
        return convert(options, hooks);
    }

    Files files_;
    std::vector<formats::Record> records_;
    std::vector<std::string> notes_;
    std::vector<std::string> problems_;
};

TEST_F(Conversion, gives_every_record_and_tells_what_is_left_out) {
    const ConvertSummary summary = run({});
    EXPECT_EQ(summary.images, 3u);
    EXPECT_EQ(summary.texts, 3u);
    EXPECT_EQ(summary.illegible, 1u);
    EXPECT_EQ(summary.problems, 1u);
    EXPECT_THAT(problems_, ElementsAre(HasSubstr("gt_3.txt:1: expected x1")));
    EXPECT_THAT(notes_, ElementsAre(HasSubstr("labels of the format icdar")));
    ASSERT_EQ(records_.size(), 3u);
    EXPECT_EQ(records_[0].width, 100);
    EXPECT_EQ(records_[0].height, 60);
    EXPECT_EQ(records_[0].regions.at(0).text, "a, b");
    EXPECT_TRUE(records_[1].regions.empty());
    try {
        run({}, true);
        ADD_FAILURE() << "a strict data set was taken";
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("gt_3.txt:1: expected x1"));
    }
}

TEST_F(Conversion, writes_data_sets_that_are_read_again) {
    for (const formats::Format* format : formats::all()) {
        if (!format->is_written() || format->read == nullptr) continue;
        SCOPED_TRACE(format->name);
        const std::string name(format->name);
        const ConvertSummary summary = run({name});
        EXPECT_EQ(summary.lost.empty(), name != "yolo");
        std::string labels = files_ / ("out/" + name);
        if (format->has_common_labels()) {
            ASSERT_EQ(std::distance(fs::directory_iterator(labels), {}), 1);
            labels = fs::directory_iterator(labels)->path().string();
        }
        // By its name, and recognised.
        for (const std::string& given : {name, std::string()}) {
            const data::Dataset set({given, files_ / "images", labels});
            EXPECT_EQ(set.spec().format, name);
            ASSERT_EQ(set.images().size(), 3u);
            const auto texts = data::read_labels(set.spec(), set.images()[0]);
            ASSERT_EQ(texts.size(), format->holds.illegible ? 2u : 1u);
            EXPECT_EQ(texts[0].text, format->holds.words ? "a, b" : "");
            EXPECT_NEAR(texts[0].polygon[0].x, 10, 0.01);
            EXPECT_NEAR(texts[0].polygon[0].y, 20, 0.01);
            EXPECT_TRUE(data::read_labels(set.spec(), set.images()[1]).empty());
        }
        fs::remove_all(files_ / "out");
    }
}

TEST_F(Conversion, two_images_with_one_name_keep_the_first) {
    test::picture(100, 60).write(files_ / "images/sub/x.png");
    files_.write("both.csv",
                 "image,width,height,region,score,points,text,ignore\n1.png,100,60,,,,,\n"
                 "1.jpg,100,60,,,,,\n");
    test::picture(100, 60).write(files_ / "images/1.jpg");
    ConvertOptions options;
    options.specs = {{"csv", files_ / "images", files_ / "both.csv"}};
    options.formats = {formats::find("labelme")};
    options.folder = files_ / "out";
    ConvertHooks hooks;
    hooks.on_problem = [&](const std::string& what) { problems_.push_back(what); };
    EXPECT_EQ(convert(options, hooks).problems, 1u);
    EXPECT_THAT(problems_, ElementsAre(HasSubstr("would replace those of another image")));
}

TEST_F(Conversion, statistics_count_what_is_there) {
    const DataStats stats = data_stats({files_.spec()});
    EXPECT_EQ(stats.images, 3u);
    EXPECT_EQ(stats.without_text, 1u);
    EXPECT_EQ(stats.texts, 3u);
    EXPECT_EQ(stats.illegible, 1u);
    EXPECT_EQ(stats.with_words, 2u);
    EXPECT_EQ(stats.small, 1u);  // 6 pixels high
    EXPECT_EQ(stats.problems, 1u);
    EXPECT_EQ(stats.width.median, 100);
    EXPECT_EQ(stats.texts_per_image.most, 2);
    EXPECT_NEAR(stats.text_height.most, 20, 0.01);
    EXPECT_EQ(stats.scripts.at("Latin"), 3u);
    EXPECT_THAT(to_text(stats), HasSubstr("images                3, 1 without text"));
    EXPECT_THAT(to_json(stats), HasSubstr("\"illegible\": 1"));
}

}  // namespace
}  // namespace dbnet::app
