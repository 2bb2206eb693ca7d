#include "app/dataset_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <dbnet/error.hpp>

#include "core/file.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::app {
namespace {

class DatasetConfigTest : public testing::Test {
protected:
    std::vector<data::DatasetSpec> read(const std::string& text) {
        core::write_file(folder_ / "data.yaml", text);
        return read_datasets(folder_ / "data.yaml");
    }

    std::string message(const std::string& text) {
        try {
            read(text);
        } catch (const Error& error) {
            return error.what();
        }
        return "(no error)";
    }

    test::TempDir folder_;
};

TEST_F(DatasetConfigTest, a_file_has_one_data_set_or_a_list) {
    const auto one = read("images: a\nlabels: b\nformat: td500\nsplit: holdout\n");
    ASSERT_EQ(one.size(), 1u);
    EXPECT_EQ(one[0].images, "a");
    EXPECT_EQ(one[0].labels, "b");
    EXPECT_EQ(one[0].format, "td500");
    EXPECT_EQ(one[0].split, data::Split::holdout);
    EXPECT_EQ(read("data: {images: a}\n").size(), 1u);
    const auto two = read("data:\n- {images: a}\n- {images: b, unlabelled: negative}\n");
    ASSERT_EQ(two.size(), 2u);
    EXPECT_EQ(two[0].format, "");  // to be recognised
    EXPECT_EQ(two[1].images, "b");
    EXPECT_EQ(two[1].unlabelled, data::Unlabelled::negative);
}

TEST_F(DatasetConfigTest, errors_name_the_line) {
    EXPECT_THAT(message("images: a\nlabel: b\n"),
                testing::AllOf(testing::HasSubstr("data.yaml:2: "),
                               testing::HasSubstr("did you mean 'labels'?")));
    EXPECT_THAT(message("data:\n- images: a\n- labels: b\n"),
                testing::HasSubstr("data.yaml:3: data[1] has no images"));
    EXPECT_THAT(message("split: all\n"), testing::HasSubstr("has no images"));
    EXPECT_THAT(message(""), testing::HasSubstr("has no images"));
    EXPECT_THAT(message("images: a\ndata: {images: b}\n"), testing::HasSubstr("'images'"));
}

}  // namespace
}  // namespace dbnet::app
