/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmagent.h>
#include <gst/videomeet/vmdiscoverystate.h>
#include <gst/videomeet/vmmeetingstate.h>
#include <gst/videomeet/vmparticipantstate.h>
#include <gst/videomeet/vmtransferstate.h>
#include <gst/videomeet/vmfilequeue.h>
#include <gst/videomeet/vmfilereceiver.h>
#include <gst/videomeet/vmfilesender.h>
#include <gst/videomeet/vmtransfermeta.h>
#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmsigner.h>
#include <gst/videomeet/vmtrustfacts.h>
#include <gst/videomeet/vmtruststore.h>
#include <gst/videomeet/vmverifier.h>
#include <gst/videomeet/vmapi.h>
#include <gst/videomeet/vmchatmessage.h>
#include <gst/videomeet/vmdevice.h>
#include <gst/videomeet/vmenums.h>
#include <gst/videomeet/vmerror.h>
#include <gst/videomeet/vmmediasession.h>
#include <gst/videomeet/vmmeeting.h>
#include <gst/videomeet/vmnode.h>
#include <gst/videomeet/vmparticipant.h>
#include <gst/videomeet/vmroomserver.h>
#include <gst/videomeet/vmtrustrequest.h>
