#include "cli/data_options.hpp"

#include "app/dataset_config.hpp"

namespace dbnet::cli {
void add_data_options(CLI::App& app, DataArguments& arguments) {
    app.add_option("--data", arguments.images, "folder of the images")
        ->required()
        ->type_name("DIR");
    app.add_option("--labels", arguments.labels,
                   "folder or file of the annotations; default: where the format has them")
        ->type_name("PATH");
    app.add_option("--data-format", arguments.format, "of the annotations: icdar, td500, json, ...")
        ->type_name("NAME")
        ->capture_default_str();
    app.add_option("--split", arguments.split, "all, train or holdout (every tenth image)")
        ->type_name("NAME")
        ->capture_default_str();
}

data::DatasetSpec spec_of(const DataArguments& arguments) {
    data::DatasetSpec spec;
    spec.format = arguments.format;
    spec.images = arguments.images;
    spec.labels = arguments.labels;
    spec.split = app::choose("split", arguments.split, app::kSplits);
    return spec;
}

}  // namespace dbnet::cli
