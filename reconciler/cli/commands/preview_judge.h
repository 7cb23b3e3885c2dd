// The hidden verb `maand preview-judge`: judges one preview in a process that has no
// key, sees no secret and may be killed at any moment. The request comes on stdin
// (preview_request.h), the verdict goes to stdout.
#pragma once

namespace maand {

int preview_judge_main();

}  // namespace maand
