// Written by scripts/zones from the time zone database, version 2025b
// (https://www.iana.org/time-zones). Do not edit.

/// Zones and how their clocks go from now on, as the database's POSIX rules have it.
enum ZoneTable {
    /// Where a name stands is the zone's number, which is stored; behind it is its rule's.
    static let names = """
        UTC=85 Africa/Abidjan=64 Africa/Accra=64 Africa/Addis_Ababa=55 Africa/Algiers=48
        Africa/Asmara=55 Africa/Asmera=55 Africa/Bamako=64 Africa/Bangui=86 Africa/Banjul=64
        Africa/Bissau=64 Africa/Blantyre=47 Africa/Brazzaville=86 Africa/Bujumbura=47
        Africa/Cairo=61 Africa/Casablanca=1 Africa/Ceuta=49 Africa/Conakry=64 Africa/Dakar=64
        Africa/Dar_es_Salaam=55 Africa/Djibouti=55 Africa/Douala=86 Africa/El_Aaiun=1
        Africa/Freetown=64 Africa/Gaborone=47 Africa/Harare=47 Africa/Johannesburg=83
        Africa/Juba=47 Africa/Kampala=55 Africa/Khartoum=47 Africa/Kigali=47 Africa/Kinshasa=86
        Africa/Lagos=86 Africa/Libreville=86 Africa/Lome=64 Africa/Luanda=86
        Africa/Lubumbashi=47 Africa/Lusaka=47 Africa/Malabo=86 Africa/Maputo=47 Africa/Maseru=83
        Africa/Mbabane=83 Africa/Mogadishu=55 Africa/Monrovia=64 Africa/Nairobi=55
        Africa/Ndjamena=86 Africa/Niamey=86 Africa/Nouakchott=64 Africa/Ouagadougou=64
        Africa/Porto-Novo=86 Africa/Sao_Tome=64 Africa/Timbuktu=64 Africa/Tripoli=56
        Africa/Tunis=48 Africa/Windhoek=47 America/Adak=68 America/Anchorage=43
        America/Anguilla=44 America/Antigua=44 America/Araguaina=27
        America/Argentina/Buenos_Aires=27 America/Argentina/Catamarca=27
        America/Argentina/ComodRivadavia=27 America/Argentina/Cordoba=27
        America/Argentina/Jujuy=27 America/Argentina/La_Rioja=27 America/Argentina/Mendoza=27
        America/Argentina/Rio_Gallegos=27 America/Argentina/Salta=27
        America/Argentina/San_Juan=27 America/Argentina/San_Luis=27 America/Argentina/Tucuman=27
        America/Argentina/Ushuaia=27 America/Aruba=44 America/Asuncion=27 America/Atikokan=62
        America/Atka=68 America/Bahia=27 America/Bahia_Banderas=52 America/Barbados=44
        America/Belem=27 America/Belize=52 America/Blanc-Sablon=44 America/Boa_Vista=29
        America/Bogota=31 America/Boise=77 America/Buenos_Aires=27 America/Cambridge_Bay=77
        America/Campo_Grande=29 America/Cancun=62 America/Caracas=29 America/Catamarca=27
        America/Cayenne=27 America/Cayman=62 America/Chicago=53 America/Chihuahua=52
        America/Ciudad_Juarez=77 America/Coral_Harbour=62 America/Cordoba=27
        America/Costa_Rica=52 America/Coyhaique=27 America/Creston=76 America/Cuiaba=29
        America/Curacao=44 America/Danmarkshavn=64 America/Dawson=76 America/Dawson_Creek=76
        America/Denver=77 America/Detroit=63 America/Dominica=44 America/Edmonton=77
        America/Eirunepe=31 America/El_Salvador=52 America/Ensenada=82 America/Fort_Nelson=76
        America/Fort_Wayne=63 America/Fortaleza=27 America/Glace_Bay=45 America/Godthab=26
        America/Goose_Bay=45 America/Grand_Turk=63 America/Grenada=44 America/Guadeloupe=44
        America/Guatemala=52 America/Guayaquil=31 America/Guyana=29 America/Halifax=45
        America/Havana=51 America/Hermosillo=76 America/Indiana/Indianapolis=63
        America/Indiana/Knox=53 America/Indiana/Marengo=63 America/Indiana/Petersburg=63
        America/Indiana/Tell_City=53 America/Indiana/Vevay=63 America/Indiana/Vincennes=63
        America/Indiana/Winamac=63 America/Indianapolis=63 America/Inuvik=77 America/Iqaluit=63
        America/Jamaica=62 America/Jujuy=27 America/Juneau=43 America/Kentucky/Louisville=63
        America/Kentucky/Monticello=63 America/Knox_IN=53 America/Kralendijk=44
        America/La_Paz=29 America/Lima=31 America/Los_Angeles=82 America/Louisville=63
        America/Lower_Princes=44 America/Maceio=27 America/Managua=52 America/Manaus=29
        America/Marigot=44 America/Martinique=44 America/Matamoros=53 America/Mazatlan=76
        America/Mendoza=27 America/Menominee=53 America/Merida=52 America/Metlakatla=43
        America/Mexico_City=52 America/Miquelon=28 America/Moncton=45 America/Monterrey=52
        America/Montevideo=27 America/Montreal=63 America/Montserrat=44 America/Nassau=63
        America/New_York=63 America/Nipigon=63 America/Nome=43 America/Noronha=25
        America/North_Dakota/Beulah=53 America/North_Dakota/Center=53
        America/North_Dakota/New_Salem=53 America/Nuuk=26 America/Ojinaga=53 America/Panama=62
        America/Pangnirtung=63 America/Paramaribo=27 America/Phoenix=76
        America/Port-au-Prince=63 America/Port_of_Spain=44 America/Porto_Acre=31
        America/Porto_Velho=29 America/Puerto_Rico=44 America/Punta_Arenas=27
        America/Rainy_River=53 America/Rankin_Inlet=53 America/Recife=27 America/Regina=52
        America/Resolute=53 America/Rio_Branco=31 America/Rosario=27 America/Santa_Isabel=82
        America/Santarem=27 America/Santiago=30 America/Santo_Domingo=44 America/Sao_Paulo=27
        America/Scoresbysund=26 America/Shiprock=77 America/Sitka=43 America/St_Barthelemy=44
        America/St_Johns=78 America/St_Kitts=44 America/St_Lucia=44 America/St_Thomas=44
        America/St_Vincent=44 America/Swift_Current=52 America/Tegucigalpa=52 America/Thule=45
        America/Thunder_Bay=63 America/Tijuana=82 America/Toronto=63 America/Tortola=44
        America/Vancouver=82 America/Virgin=44 America/Whitehorse=76 America/Winnipeg=53
        America/Yakutat=43 America/Yellowknife=77 Antarctica/Casey=13 Antarctica/Davis=11
        Antarctica/DumontDUrville=16 Antarctica/Macquarie=42 Antarctica/Mawson=8
        Antarctica/McMurdo=79 Antarctica/Palmer=27 Antarctica/Rothera=27
        Antarctica/South_Pole=79 Antarctica/Syowa=3 Antarctica/Troll=0 Antarctica/Vostok=8
        Arctic/Longyearbyen=49 Asia/Aden=3 Asia/Almaty=8 Asia/Amman=3 Asia/Anadyr=20
        Asia/Aqtau=8 Asia/Aqtobe=8 Asia/Ashgabat=8 Asia/Ashkhabad=8 Asia/Atyrau=8 Asia/Baghdad=3
        Asia/Bahrain=3 Asia/Baku=5 Asia/Bangkok=11 Asia/Barnaul=11 Asia/Beirut=59
        Asia/Bishkek=10 Asia/Brunei=13 Asia/Calcutta=71 Asia/Chita=14 Asia/Choibalsan=13
        Asia/Chongqing=50 Asia/Chungking=50 Asia/Colombo=6 Asia/Dacca=10 Asia/Damascus=3
        Asia/Dhaka=10 Asia/Dili=14 Asia/Dubai=5 Asia/Dushanbe=8 Asia/Famagusta=60 Asia/Gaza=57
        Asia/Harbin=50 Asia/Hebron=57 Asia/Ho_Chi_Minh=11 Asia/Hong_Kong=66 Asia/Hovd=11
        Asia/Irkutsk=13 Asia/Istanbul=3 Asia/Jakarta=88 Asia/Jayapura=89 Asia/Jerusalem=70
        Asia/Kabul=4 Asia/Kamchatka=20 Asia/Karachi=80 Asia/Kashgar=10 Asia/Kathmandu=7
        Asia/Katmandu=7 Asia/Khandyga=14 Asia/Kolkata=71 Asia/Krasnoyarsk=11
        Asia/Kuala_Lumpur=13 Asia/Kuching=13 Asia/Kuwait=3 Asia/Macao=50 Asia/Macau=50
        Asia/Magadan=17 Asia/Makassar=90 Asia/Manila=81 Asia/Muscat=5 Asia/Nicosia=60
        Asia/Novokuznetsk=11 Asia/Novosibirsk=11 Asia/Omsk=10 Asia/Oral=8 Asia/Phnom_Penh=11
        Asia/Pontianak=88 Asia/Pyongyang=73 Asia/Qatar=3 Asia/Qostanay=8 Asia/Qyzylorda=8
        Asia/Rangoon=9 Asia/Riyadh=3 Asia/Saigon=11 Asia/Sakhalin=17 Asia/Samarkand=8
        Asia/Seoul=73 Asia/Shanghai=50 Asia/Singapore=13 Asia/Srednekolymsk=17 Asia/Taipei=50
        Asia/Tashkent=8 Asia/Tbilisi=5 Asia/Tehran=2 Asia/Tel_Aviv=70 Asia/Thimbu=10
        Asia/Thimphu=10 Asia/Tokyo=72 Asia/Tomsk=11 Asia/Ujung_Pandang=90 Asia/Ulaanbaatar=13
        Asia/Ulan_Bator=13 Asia/Urumqi=10 Asia/Ust-Nera=16 Asia/Vientiane=11 Asia/Vladivostok=16
        Asia/Yakutsk=14 Asia/Yangon=9 Asia/Yekaterinburg=8 Asia/Yerevan=5 Atlantic/Azores=24
        Atlantic/Bermuda=45 Atlantic/Canary=87 Atlantic/Cape_Verde=23 Atlantic/Faeroe=87
        Atlantic/Faroe=87 Atlantic/Jan_Mayen=49 Atlantic/Madeira=87 Atlantic/Reykjavik=64
        Atlantic/South_Georgia=25 Atlantic/St_Helena=64 Atlantic/Stanley=27 Australia/ACT=42
        Australia/Adelaide=40 Australia/Brisbane=41 Australia/Broken_Hill=40
        Australia/Canberra=42 Australia/Currie=42 Australia/Darwin=39 Australia/Eucla=12
        Australia/Hobart=42 Australia/LHI=15 Australia/Lindeman=41 Australia/Lord_Howe=15
        Australia/Melbourne=42 Australia/NSW=42 Australia/North=39 Australia/Perth=46
        Australia/Queensland=41 Australia/South=40 Australia/Sydney=42 Australia/Tasmania=42
        Australia/Victoria=42 Australia/West=46 Australia/Yancowinna=40 Brazil/Acre=31
        Brazil/DeNoronha=25 Brazil/East=27 Brazil/West=29 CET=49 CST6CDT=53 Canada/Atlantic=45
        Canada/Central=53 Canada/Eastern=63 Canada/Mountain=77 Canada/Newfoundland=78
        Canada/Pacific=82 Canada/Saskatchewan=52 Canada/Yukon=76 Chile/Continental=30
        Chile/EasterIsland=33 Cuba=51 EET=60 EST=62 EST5EDT=63 Egypt=61 Eire=69
        Europe/Amsterdam=49 Europe/Andorra=49 Europe/Astrakhan=5 Europe/Athens=60
        Europe/Belfast=65 Europe/Belgrade=49 Europe/Berlin=49 Europe/Bratislava=49
        Europe/Brussels=49 Europe/Bucharest=60 Europe/Budapest=49 Europe/Busingen=49
        Europe/Chisinau=58 Europe/Copenhagen=49 Europe/Dublin=69 Europe/Gibraltar=49
        Europe/Guernsey=65 Europe/Helsinki=60 Europe/Isle_of_Man=65 Europe/Istanbul=3
        Europe/Jersey=65 Europe/Kaliningrad=56 Europe/Kiev=60 Europe/Kirov=75 Europe/Kyiv=60
        Europe/Lisbon=87 Europe/Ljubljana=49 Europe/London=65 Europe/Luxembourg=49
        Europe/Madrid=49 Europe/Malta=49 Europe/Mariehamn=60 Europe/Minsk=3 Europe/Monaco=49
        Europe/Moscow=75 Europe/Nicosia=60 Europe/Oslo=49 Europe/Paris=49 Europe/Podgorica=49
        Europe/Prague=49 Europe/Riga=60 Europe/Rome=49 Europe/Samara=5 Europe/San_Marino=49
        Europe/Sarajevo=49 Europe/Saratov=5 Europe/Simferopol=75 Europe/Skopje=49
        Europe/Sofia=60 Europe/Stockholm=49 Europe/Tallinn=60 Europe/Tirane=49
        Europe/Tiraspol=58 Europe/Ulyanovsk=5 Europe/Uzhgorod=60 Europe/Vaduz=49
        Europe/Vatican=49 Europe/Vienna=49 Europe/Vilnius=60 Europe/Volgograd=75
        Europe/Warsaw=49 Europe/Zagreb=49 Europe/Zaporozhye=60 Europe/Zurich=49 GB=65 GB-Eire=65
        GMT=64 GMT+0=64 GMT-0=64 GMT0=64 Greenwich=64 HST=67 Hongkong=66 Iceland=64
        Indian/Antananarivo=55 Indian/Chagos=10 Indian/Christmas=11 Indian/Cocos=9
        Indian/Comoro=55 Indian/Kerguelen=8 Indian/Mahe=5 Indian/Maldives=8 Indian/Mauritius=5
        Indian/Mayotte=55 Indian/Reunion=5 Iran=2 Israel=70 Jamaica=62 Japan=72 Kwajalein=20
        Libya=56 MET=74 MST=76 MST7MDT=77 Mexico/BajaNorte=82 Mexico/BajaSur=76
        Mexico/General=52 NZ=79 NZ-CHAT=19 Navajo=77 PRC=50 PST8PDT=82 Pacific/Apia=21
        Pacific/Auckland=79 Pacific/Bougainville=17 Pacific/Chatham=19 Pacific/Chuuk=16
        Pacific/Easter=33 Pacific/Efate=17 Pacific/Enderbury=21 Pacific/Fakaofo=21
        Pacific/Fiji=20 Pacific/Funafuti=20 Pacific/Galapagos=32 Pacific/Gambier=36
        Pacific/Guadalcanal=17 Pacific/Guam=54 Pacific/Honolulu=67 Pacific/Johnston=67
        Pacific/Kanton=21 Pacific/Kiritimati=22 Pacific/Kosrae=17 Pacific/Kwajalein=20
        Pacific/Majuro=20 Pacific/Marquesas=35 Pacific/Midway=84 Pacific/Nauru=20
        Pacific/Niue=38 Pacific/Norfolk=18 Pacific/Noumea=17 Pacific/Pago_Pago=84
        Pacific/Palau=14 Pacific/Pitcairn=34 Pacific/Pohnpei=17 Pacific/Ponape=17
        Pacific/Port_Moresby=16 Pacific/Rarotonga=37 Pacific/Saipan=54 Pacific/Samoa=84
        Pacific/Tahiti=37 Pacific/Tarawa=20 Pacific/Tongatapu=21 Pacific/Truk=16 Pacific/Wake=20
        Pacific/Wallis=20 Pacific/Yap=16 Poland=49 Portugal=87 ROC=50 ROK=73 Singapore=13
        Turkey=3 UCT=85 US/Alaska=43 US/Aleutian=68 US/Arizona=76 US/Central=53
        US/East-Indiana=63 US/Eastern=63 US/Hawaii=67 US/Indiana-Starke=53 US/Michigan=63
        US/Mountain=77 US/Pacific=82 US/Samoa=84 Universal=85 W-SU=75 WET=87 Zulu=85
        """

    /// By number.
    static let rules = """
        <+00>0<+02>-2,M3.5.0/1,M10.5.0/3 <+01>-1 <+0330>-3:30 <+03>-3 <+0430>-4:30 <+04>-4
        <+0530>-5:30 <+0545>-5:45 <+05>-5 <+0630>-6:30 <+06>-6 <+07>-7 <+0845>-8:45 <+08>-8
        <+09>-9 <+1030>-10:30<+11>-11,M10.1.0,M4.1.0 <+10>-10 <+11>-11
        <+11>-11<+12>,M10.1.0,M4.1.0/3 <+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45 <+12>-12
        <+13>-13 <+14>-14 <-01>1 <-01>1<+00>,M3.5.0/0,M10.5.0/1 <-02>2
        <-02>2<-01>,M3.5.0/-1,M10.5.0/0 <-03>3 <-03>3<-02>,M3.2.0,M11.1.0 <-04>4
        <-04>4<-03>,M9.1.6/24,M4.1.6/24 <-05>5 <-06>6 <-06>6<-05>,M9.1.6/22,M4.1.6/22 <-08>8
        <-0930>9:30 <-09>9 <-10>10 <-11>11 ACST-9:30 ACST-9:30ACDT,M10.1.0,M4.1.0/3 AEST-10
        AEST-10AEDT,M10.1.0,M4.1.0/3 AKST9AKDT,M3.2.0,M11.1.0 AST4 AST4ADT,M3.2.0,M11.1.0 AWST-8
        CAT-2 CET-1 CET-1CEST,M3.5.0,M10.5.0/3 CST-8 CST5CDT,M3.2.0/0,M11.1.0/1 CST6
        CST6CDT,M3.2.0,M11.1.0 ChST-10 EAT-3 EET-2 EET-2EEST,M3.4.4/50,M10.4.4/50
        EET-2EEST,M3.5.0,M10.5.0/3 EET-2EEST,M3.5.0/0,M10.5.0/0 EET-2EEST,M3.5.0/3,M10.5.0/4
        EET-2EEST,M4.5.5/0,M10.5.4/24 EST5 EST5EDT,M3.2.0,M11.1.0 GMT0 GMT0BST,M3.5.0/1,M10.5.0
        HKT-8 HST10 HST10HDT,M3.2.0,M11.1.0 IST-1GMT0,M10.5.0,M3.5.0/1
        IST-2IDT,M3.4.4/26,M10.5.0 IST-5:30 JST-9 KST-9 MET-1MEST,M3.5.0,M10.5.0/3 MSK-3 MST7
        MST7MDT,M3.2.0,M11.1.0 NST3:30NDT,M3.2.0,M11.1.0 NZST-12NZDT,M9.5.0,M4.1.0/3 PKT-5 PST-8
        PST8PDT,M3.2.0,M11.1.0 SAST-2 SST11 UTC0 WAT-1 WET0WEST,M3.5.0/1,M10.5.0 WIB-7 WIT-9
        WITA-8
        """
}
