/* SPDX-License-Identifier: MIT */
/* What of setting up a session needs the network: the hash of a player. */
#include <librtmp/log.h>
#include <librtmp/rtmp.h>

#include "options.h"

int RTMP_SetupURL(RTMP *r, char *url)
{
	if (!slu_compat_setup_url(r, url))
		return FALSE;
	if (r->Link.lFlags & RTMP_LF_SWFV && r->Link.swfUrl.av_len)
		RTMP_Log(RTMP_LOGWARNING, "Option swfVfy: this library cannot fetch players yet: no hash was made");
	return TRUE;
}
