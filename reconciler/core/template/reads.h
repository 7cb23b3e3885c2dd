// Which values a template may read, as far as its text tells without rendering it.
#pragma once

#include <vector>

#include "reconciler/core/template/parser.h"
#include "reconciler/core/template/template.h"

namespace maand::tpl {

// Of every get, getOptional and keys, in branches that are not taken as well.
// getSecret reads no setting and is left out. No recursion without bound: trees
// are no deeper than kTemplateNestingMax.
std::vector<ValueRead> reads_of(const Trees& trees);

}  // namespace maand::tpl
