/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"

/* The options of cert. Errors are sentences for the user. */
void vmt_options_add_cert (GArray *all, VmtOptions *options);
gboolean vmt_options_check_cert (const VmtOptions *options, GError **error);
