// Config → what each part of the product is made with.
#pragma once

#include "executor/remote_runner.h"
#include "executor/ssh_transport.h"
#include "gitsource/git_options.h"
#include "gitsource/git_previews.h"
#include "reconciler/app/reconciler.h"
#include "reconciler/cli/bucket.h"
#include "reconciler/cli/preview_child.h"
#include "reconciler/http/webhook.h"

namespace maand {

GitOptions git_options(const Bucket& bucket);
SshOptions ssh_options(const Bucket& bucket);
RemoteRunnerOptions runner_options(const Bucket& bucket);
PassSettings pass_settings(const Bucket& bucket);
ReconcilerOptions reconciler_options(const Bucket& bucket);
WebhookOptions webhook_options(const Bucket& bucket);
WorkspaceLimits workspace_limits(const Bucket& bucket);
JudgeSettings judge_settings(const Bucket& bucket);
CertificateRules certificate_rules(const Bucket& bucket);
GitPreviewOptions git_preview_options(const Bucket& bucket);
PreviewChildOptions preview_child_options(const Bucket& bucket);
PreviewSettings preview_settings(const Bucket& bucket);

}  // namespace maand
