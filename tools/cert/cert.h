/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"
#include "ui/output.h"

/* For host and server: the certificate of `videomeet cert`, where there is one
 * for the names of this device and nothing else is asked for. Says what is
 * wrong with it. */
void vmt_cert_use (VmtOptions *options, VmtOutput *output);
