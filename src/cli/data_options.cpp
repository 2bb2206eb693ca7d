#include "cli/data_options.hpp"

#include <filesystem>

#include "app/dataset_config.hpp"

namespace dbnet::cli {
namespace {

bool is_yaml(const std::string& path) {
    std::error_code ignored;
    return (path.ends_with(".yaml") || path.ends_with(".yml")) &&
           !std::filesystem::is_directory(path, ignored);
}

}  // namespace

CLI::Option* add_data_options(CLI::App& app, DataArguments& arguments) {
    CLI::Option* const data =
        app.add_option("--data", arguments.data,
                       "folder or archive of the images, or a data set in YAML")
            ->required()
            ->type_name("DIR|FILE");
    app.add_option("--labels", arguments.labels,
                   "folder or file of the annotations; default: where the format has them")
        ->type_name("PATH");
    app.add_option("--data-format", arguments.format,
                   "of the annotations: icdar, coco, labelme, ...; default: as the files look like")
        ->type_name("NAME");
    app.add_option("--split", arguments.split,
                   "all, train or holdout: what is held back from training")
        ->type_name("NAME");
    app.add_option(
           "--holdout", arguments.holdout,
           "what that is: a part such as 2/4, or names a,b,c; default: every tenth image, of "
           "fewer than 50 every fourth")
        ->type_name("RULE");
    app.add_option(
           "--resize", arguments.resize,
           "size in which training samples begin: 720x1280 (height x width) or 736 (shorter "
           "side)")
        ->type_name("RULE");
    app.add_option("--unlabelled", arguments.unlabelled,
                   "an image without labels is an error (the default) or negative: without text")
        ->type_name("NAME");
    app.add_flag("--strict", arguments.strict,
                 "a line or shape that cannot be used is an error, not left out");
    return data;
}

std::vector<data::DatasetSpec> specs_of(const DataArguments& arguments) {
    std::vector<data::DatasetSpec> specs;
    if (is_yaml(arguments.data))
        specs = app::read_datasets(arguments.data);
    else
        specs.push_back({"", arguments.data});
    for (data::DatasetSpec& spec : specs) {
        if (arguments.labels) spec.labels = *arguments.labels;
        if (arguments.format) spec.format = *arguments.format;
        if (arguments.split) spec.split = app::choose("split", *arguments.split, app::kSplits);
        if (arguments.holdout) spec.holdout = data::Holdout::parse(*arguments.holdout);
        if (arguments.resize) spec.resize = data::ResizeRule::parse(*arguments.resize);
        if (arguments.strict) spec.strict = true;
        if (arguments.unlabelled)
            spec.unlabelled =
                app::choose("kind of unlabelled", *arguments.unlabelled, app::kUnlabelled);
    }
    return specs;
}

data::DatasetSpec spec_of(const DataArguments& arguments) {
    const std::vector<data::DatasetSpec> specs = specs_of(arguments);
    if (specs.size() != 1)
        core::fail(ErrorCode::invalid_argument, arguments.data, ": has ", specs.size(),
                   " data sets, expected one");
    if (arguments.holdout && specs.front().split == data::Split::all)
        core::fail(ErrorCode::invalid_argument,
                   "--holdout without --split: say --split holdout, or --split train");
    return specs.front();
}

}  // namespace dbnet::cli
