// From tokens to trees: the grammar of text/template (Go's text/template/parse).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "reconciler/core/template/nodes.h"
#include "reconciler/core/template/template.h"

namespace maand::tpl {

using Trees = std::map<std::string, std::unique_ptr<Tree>, std::less<>>;

// The name of the file's own template, as the original gives it.
inline constexpr std::string_view kRootName = "template";

// Fills `trees` with the root and everything that is defined in `text`, names resolved.
// `text` must outlive them. nullopt: well; otherwise `trees` is of no use.
std::optional<TemplateProblem> parse_trees(std::string_view text, Trees& trees);

}  // namespace maand::tpl
