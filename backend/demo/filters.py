"""The pictures of the demo clips, painted by ffmpeg's own sources and filters.

Only filters that ffmpeg 5.1 has are used. `geq` computes a value for each point, which is dear: moving fields are
computed at a quarter of the size (a sixteenth of the points) and scaled up, still ones once and then scrolled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Canvas:
    """What is painted on: pixels, and pictures a second."""

    width: int
    height: int
    rate: int

    def moving(self, value: str, red: str, green: str, blue: str, shrink: int = 5) -> str:
        """A field whose `value` (0 to 255) depends on $x, $y (0 to 1) and T, coloured by three curves over `val`."""
        size = f"{self.width // shrink}x{self.height // shrink}"
        return (
            f"color=s={size}:r={self.rate / 2},format=gray,geq=lum='{_field(value)}',framerate={self.rate}:scene=100,"
            f"format=gbrp,lutrgb=r='{red}':g='{green}':b='{blue}',scale={self.width}:{self.height}:flags=bicubic"
        )

    def still(self, red: str, green: str, blue: str, then: str = "") -> str:
        """One picture of three fields, standing still; `then` is a filter for it."""
        return self._once(f"format=gbrp,geq=r='{_field(red)}':g='{_field(green)}':b='{_field(blue)}'{then}")

    def still_grey(self, value: str, then: str = "") -> str:
        """One picture of one field, standing still, ready to be blended with coloured ones."""
        return self._once(f"format=gray,geq=lum='{_field(value)}'{then},format=gbrp")

    def silhouette(self, shape: str, red: int, green: int, blue: int) -> str:
        """A dark shape on white, to be blended by `darken`."""
        curves = (f"{named}=if(val\\,{shade}\\,255)" for named, shade in zip("rgb", (red, green, blue), strict=True))
        return self.still_grey(f"255*({shape})", f",format=gbrp,lutrgb={':'.join(curves)}")

    def specks(self, share: float, then: str = "") -> str:
        """White points on black; `share` of all points."""
        return self.still_grey(f"if(lt(random(0),{share}),120+135*random(0),0)", then)

    def _once(self, filters: str) -> str:
        return f"color=s={self.width}x{self.height}:r={self.rate},trim=end_frame=1,{filters},loop=-1:1"


Painter: TypeAlias = Callable[[Canvas], str]


def _field(expression: str) -> str:
    """Spell out $x and $y (places in the picture) and $a (its width over its height); geq itself does not clip."""
    return f"min(255,max(0,{expression}))".replace("$x", "(X/W)").replace("$y", "(Y/H)").replace("$a", "(W/H)")


def aurora(c: Canvas) -> str:
    sky = c.moving(
        "st(0,0.56+0.13*sin(4*$x+0.8*T)+0.06*sin(11*$x-1.3*T));st(1,ld(0)-$y);"
        "255*if(gt(ld(1),0),exp(-3.2*ld(1)),exp(26*ld(1)))*(0.62+0.38*sin(42*$x+3*sin(7*$x+T)))",
        "if(lt(val,120),val*0.62,74-(val-120)*0.45)",
        "12+val*val/262",
        "46+val*0.5",
    )
    land = c.silhouette("gt($y,0.84+0.03*sin(7*$x)+0.02*sin(17*$x+1))", 6, 10, 20)
    return f"{sky}[a];{c.specks(0.0015)}[s];{land}[l];[a][s]blend=all_mode=screen[b];[b][l]blend=all_mode=darken"


def aurora_lake(c: Canvas) -> str:
    sky = Canvas(c.width, c.height * 5 // 8 // 8 * 8, c.rate)
    lake = c.height - sky.height
    return (
        f"{aurora(sky)},split[u][d];[d]vflip,crop=iw:{lake}:0:0,format=gbrp,"
        f"lutrgb=r=val*0.55:g=val*0.6:b=val*0.75,gblur=sigma=3:sigmaV=1[m];[u]format=gbrp[t];[t][m]vstack"
    )


def neon(c: Canvas) -> str:
    lamps = c.moving(
        "st(0,abs(sin(9*$x+1.2*sin(2*$y+T)+T)));st(1,abs(sin(5*$y*2-5*$x+2*sin(T))));"
        "255*(0.16/(0.16+ld(0)*ld(0)*9)+0.12/(0.12+ld(1)*ld(1)*12))*0.62",
        "40+val*1.1",
        "val*val/420",
        "70+150*sin(val/90)",
    )
    rain = c.specks(0.004, ",avgblur=sizeX=1:sizeY=14,lutyuv=y=val*7")
    return f"{lamps}[a];{rain},scroll=v=-0.09[r];[a][r]blend=all_mode=screen"


def waves(c: Canvas) -> str:
    return c.moving(
        "st(0,0.34);st(1,0);"
        "if(lt($y,0.40+0.02*sin(9*$x+T)),235-60*$y/0.4,"
        "if(lt($y,0.52+0.03*sin(7*$x-1.4*T)),150-40*abs($y-0.52),"
        "if(lt($y,0.66+0.035*sin(6*$x+1.8*T+1)),112-60*abs($y-0.66),"
        "if(lt($y,0.82+0.04*sin(5*$x-2.1*T+2)),78-60*abs($y-0.82),44-60*($y-0.82)))))",
        "if(gt(val,160),255-(235-val)*0.3,val*0.35)",
        "if(gt(val,160),140+(val-175)*1.3,val*1.05+10)",
        "if(gt(val,160),120+(235-val)*1.0,70+val*1.1)",
        2,
    )


def lava(c: Canvas) -> str:
    balls = "+".join(
        f"{size}/(pow($x-{x}-0.12*sin({u}*T+{x}*9),2)+pow($y/$a-{y}-0.34*sin({v}*T+{y}*5),2)+0.001)"
        for size, x, y, u, v in (
            (0.014, 0.3, 0.45, 0.9, 1.1), (0.018, 0.66, 0.7, 0.7, 0.9), (0.011, 0.45, 1.15, 1.1, 1.3),
            (0.016, 0.6, 1.4, 0.8, 0.7), (0.02, 0.35, 0.95, 0.6, 0.8),
        )
    )  # fmt: skip
    return c.moving(
        f"st(0,{balls});255*min(1,0.26*ld(0)*ld(0)/(0.6+0.2*ld(0)*ld(0)))",
        "30+min(225,val*1.7)", "max(0,val-70)*1.15", "70+val*0.25-max(0,val-120)*0.7",
    )  # fmt: skip


def nebula(c: Canvas) -> str:
    gas = c.moving(
        "st(0,3.2*$x*$a+0.25*T);st(1,3.2*$y-0.1*T);st(2,sin(ld(0)+1.3*sin(1.7*ld(1)+0.3*T)));"
        "128+44*(ld(2)+sin(1.3*ld(1)+1.4*sin(1.1*ld(0)-0.2*T)+ld(2))+0.5*sin(2.7*ld(0)+3.1*ld(1)+sin(2*ld(0)))"
        "+0.3*sin(6.1*ld(0)-5.3*ld(1)+2*sin(3*ld(1))))",
        "val*val/300+max(0,val-150)*0.6", "max(0,val-130)*0.95", "30+val*0.72",
    )  # fmt: skip
    return f"{gas}[a];{c.specks(0.003)},scroll=h=0.0006[s];[a][s]blend=all_mode=screen"


def kaleidoscope(c: Canvas) -> str:
    return c.moving(
        "st(0,$x-0.5);st(1,($y-0.5)/$a);st(2,hypot(ld(0),ld(1)));st(3,acos(cos(6*atan2(ld(1),ld(0))+0.6*T)));"
        "128+60*sin(17*ld(2)-2.2*T+1.5*ld(3))+62*sin(9*ld(2)*cos(ld(3)*0.9)+4*ld(3)+T)",
        "128+126*sin(val/38)", "110+105*sin(val/31+2.1)", "150+104*sin(val/45+4)",
    )  # fmt: skip


def skyline(c: Canvas) -> str:
    def blocks(count: int, low: float, high: float) -> str:
        return f"gt($y,1-{low}-{high}*abs(sin(91.7*floor({count}*$x)+{count})))"

    sky = c.still("250-120*$y", "120+90*$y*$y", "110-40*$y+70*pow(1-$y,3)")
    far = c.silhouette(blocks(23, 0.32, 0.34), 104, 62, 96)
    near = c.silhouette(blocks(14, 0.16, 0.38), 26, 20, 44)
    pane = "lt(mod(X,9),5)*lt(mod(Y,14),8)*gt(sin(12.9*floor(X/9)+78.2*floor(Y/14)),0.35)"
    lamps = c.still_grey(f"255*{blocks(14, 0.12, 0.36)}*{pane}", ",format=gbrp,lutrgb=g=val*0.77:b=val*0.38")
    return (
        f"{sky}[k];{far},scroll=h=0.0012[f];{near},scroll=h=0.003[n];{lamps},scroll=h=0.003[w];"
        "[k][f]blend=all_mode=darken[a];[a][n]blend=all_mode=darken[b];[b][w]blend=all_mode=lighten"
    )


def mandelbrot(c: Canvas) -> str:
    where = "start_x=-0.743643887:start_y=-0.131825904:start_scale=1.2:end_scale=0.05:end_pts=100:maxiter=120"
    inks = "inner=black:outer=normalized_iteration_count"
    source = f"mandelbrot=s={c.width // 2}x{c.height // 2}:rate={c.rate}:{where}:{inks}"
    curves = "lutrgb=r='val*val/210':g='20+val*0.62':b='60+150*sin(val/82)'"
    return f"{source},format=gray,gblur=sigma=0.8,format=gbrp,{curves},scale={c.width}:{c.height}:flags=bicubic"


def dish(c: Canvas) -> str:
    cells = f"life=s={c.width // 4}x{c.height // 4}:r={c.rate}:seed=7:ratio=0.16:mold=12:stitch=1"
    colours = "life_color=0xF6FFB0:death_color=0x1FA187:mold_color=0x2B1B5A"
    return f"{cells}:{colours},scale={c.width}:{c.height}:flags=neighbor,gblur=sigma=1.6"


def ripples(c: Canvas) -> str:
    rings = "+".join(
        f"sin(46*hypot($x-{x},$y/$a-{y})-7*T+{phase})*exp(-3.4*hypot($x-{x},$y/$a-{y}))"
        for x, y, phase in ((0.3, 0.5, 0), (0.72, 1.05, 2), (0.38, 1.45, 4))
    )
    return c.moving(f"118+74*({rings})+18*$y", "val*val*val/130000", "30+val*0.72", "52+val*0.62")


def dunes(c: Canvas) -> str:
    crests = (0.42, 0.55, 0.68, 0.84)
    lines = [
        f"{at}+0.05*sin({5 - i}*$x+{2.1 * i}+{0.12 * (i + 1)}*T)+0.012*sin({17 + 5 * i}*$x-{0.2 * (i + 1)}*T)"
        for i, at in enumerate(crests)
    ]
    value = "if(lt(hypot(($x-0.7)*$a,$y-0.27),0.11),250,190+44*$y)"
    for i, line in enumerate(lines):
        value = f"if(gt($y,{line}),{150 - 34 * i}-90*($y-({line})),{value})"
    return c.moving(
        value, "min(255,46+val*0.98)", "min(255,8+val*0.8)", "if(gt(val,186),120+(val-186)*0.9,24+val*0.42)", 4
    )


def moonrise(c: Canvas) -> str:
    night = c.moving(
        "st(0,hypot($x-0.56,($y-0.46+0.045*T)/$a));st(1,min(1,max(0,$y*3-0.6))*(0.5+0.5*sin(9*$x+2*sin(5*$y+0.3*T)+0.5*T)*sin(14*$y-0.4*T)));"
        "if(lt(ld(0),0.17),232-34*(0.5+0.5*sin(19*$x)*sin(23*$y+0.045*T)),150*exp(-5*(ld(0)-0.17)))*(1-0.55*ld(1))"
        "+30*(1-$y)+36*ld(1)*$y",
        "val*1.02", "14+val*0.92", "48+val*0.72",
    )  # fmt: skip
    ridge = c.silhouette("gt($y,0.86-0.05*abs(sin(8*$x))-0.02*abs(sin(31*$x)))", 5, 9, 22)
    return f"{night}[a];{c.specks(0.0015)}[s];{ridge}[l];[a][s]blend=all_mode=lighten[b];[b][l]blend=all_mode=darken"


def star_trails(c: Canvas) -> str:
    side = c.width * 13 // 16 // 2 * 2
    ring = "floor(hypot(X-W/2,Y-H/2)/2)"
    arc = f"mod(atan2(Y-H/2,X-W/2)+6.2832+6.2832*abs(sin({ring}*12.9898)*43.7),6.2832)"
    light = f"(60+195*abs(sin({ring}*3.7)))*pow(max(0,1-{arc}/1.9),0.8)*gt(abs(sin({ring}*78.2)),0.35)"
    tint = ",format=gbrp,lutrgb=r=14+val:g=20+val*0.86:b=54+val*0.78,format=yuv420p"
    trails = Canvas(side, side, c.rate).still_grey(light, tint)
    trees = c.silhouette("gt($y,0.9-0.09*abs(sin(13*$x))*abs(sin(47*$x))-0.05*$x)", 3, 6, 14)
    return (
        f"{trails},rotate=a=0.09*t:c=0x0E1436,scale=iw*1.6:-1,"
        f"crop={c.width}:{c.height}:(iw-ow)/2:ih/2-oh*0.86[a];{trees}[l];"
        "[a][l]blend=all_mode=darken"
    )


def latte(c: Canvas) -> str:
    return c.moving(
        "st(0,$x-0.5);st(1,($y-0.5)/$a);st(2,hypot(ld(0),ld(1)));st(3,atan2(ld(1),ld(0)));"
        "if(gt(ld(2),0.45),30+10*sin(60*$y+3*sin(5*$x)),if(gt(ld(2),0.41),238,"
        "145+78*sin(3*ld(3)+22*ld(2)-2.4*T+1.6*sin(2*ld(3)-T))*(1-0.6*pow(ld(2)/0.41,6))))",
        "42+val*0.86", "20+val*0.85", "8+val*0.78", 4,
    )  # fmt: skip


def clouds(c: Canvas) -> str:
    return c.moving(
        "st(0,2.4*$x*$a-0.35*T);st(1,3.4*$y);st(2,sin(ld(0)+1.6*sin(0.9*ld(1)))+0.6*sin(2.3*ld(0)+2.9*ld(1)+1.2*sin(1.9*ld(0))));"
        "112+46*(ld(2)+0.5*sin(4.3*ld(0)-3.7*ld(1)+2*ld(2))+0.25*sin(9.1*ld(0)+7.3*ld(1)+ld(2)))-50*($y-0.5)",
        "105+val*0.9", "205-50*sin(min(val,170)*PI/170)+max(0,val-165)*0.9", "250-34*sin(min(val,200)*PI/200)",
    )  # fmt: skip


def bubbles(c: Canvas) -> str:
    cell = (
        "st(0,5*$x);st(1,floor(ld(0)));st(2,5*$y/$a+T*(0.7+0.5*abs(sin(7.3*ld(1)+1)))+3*sin(ld(1)*2.7));st(3,floor(ld(2)));"
        "st(4,abs(sin(12.9*ld(1)+78.2*ld(3))));st(5,0.14+0.26*ld(4));"
        "st(6,hypot(ld(0)-ld(1)-0.5-0.1*sin(3*T+ld(3)),ld(2)-ld(3)-0.5));"
    )
    ring = "exp(-pow((ld(6)-ld(5))*22,2))*150+lt(ld(6),ld(5))*(36+50*ld(6)/ld(5))"
    return c.moving(
        f"{cell}40+60*$y+{ring}*gt(ld(4),0.25)",
        "min(255,120+val*0.95)",
        "min(255,30+val*1.02)",
        "min(255,20+val*0.72)",
        4,
    )


def fireworks(c: Canvas) -> str:
    def burst(x: float, y: float, start: float, spokes: int, red: float, green: float, blue: float) -> str:
        return c.moving(
            f"st(0,mod(T+{start},2.6));st(1,($x-{x})*$a);st(2,$y-{y});st(3,hypot(ld(1),ld(2)));st(4,0.52*(1-exp(-2.1*ld(0))));"
            f"380*exp(-0.75*ld(0))*pow(abs(cos({spokes}*atan2(ld(2),ld(1)))),5)*"
            "(exp(-pow((ld(3)-ld(4))*26,2))+0.5*lt(ld(3),ld(4))*pow(ld(3)/(ld(4)+0.01),2))",
            f"8+val*{red}", f"8+val*{green}", f"30+val*{blue}", 5,
        )  # fmt: skip

    gold, ice = burst(0.3, 0.42, 0.6, 8, 1, 0.72, 0.1), burst(0.7, 0.36, 1.5, 9, 0.2, 0.62, 1)
    pink, roofs = (
        burst(0.5, 0.58, 2.3, 7, 1, 0.15, 0.6),
        c.silhouette("gt($y,0.96-0.12*abs(sin(57.3*floor(26*$x))))", 4, 5, 14),
    )
    return (
        f"{gold}[g];{ice}[i];{pink}[p];{roofs}[l];"
        "[g][i]blend=all_mode=lighten[a];[a][p]blend=all_mode=lighten[b];[b][l]blend=all_mode=darken"
    )


def snow(c: Canvas) -> str:
    def firs(at: float, high: float, count: int, shift: float) -> str:
        place = f"({count}*$x+{shift})"
        tree = f"(1-abs(2*mod({place},1)-1))*(0.5+0.5*abs(sin(9*floor({place}))))"
        return f"gt($y,{at}-{high}*{tree}+0.03*sin(6*$x))"

    land = firs(0.8, 0.2, 7, 0.3), firs(0.92, 0.22, 4, 0.7)
    back = c.still(*(f"if({land[1]},{near},if({land[0]},{far},{sky}))" for near, far, sky in (
        (14, 44, "28+96*$y"), (26, 70, "44+110*$y"), (48, 104, "92+110*$y"))))  # fmt: skip
    small = f"{c.specks(0.004, ',gblur=sigma=0.7,lutyuv=y=val*2.2')},scroll=v=-0.006:h=0.001"
    large = f"{c.specks(0.0009, ',gblur=sigma=2.2,lutyuv=y=val*20')},scroll=v=-0.011:h=-0.0015"
    return f"{back}[a];{small}[s];{large}[l];[a][s]blend=all_mode=screen[b];[b][l]blend=all_mode=screen"


def sunset(c: Canvas) -> str:
    sea = c.moving(
        "st(0,$y-0.55);st(1,abs($x-0.5)*$a);"
        "if(lt(ld(0),0),if(lt(hypot(ld(1),ld(0)+0.07),0.19),250,120+150*$y+60*exp(-4*hypot(ld(1),ld(0)))),"
        "58-60*ld(0)+(190*exp(-pow(ld(1)/(0.12+0.5*ld(0)),2)))*pow(0.5+0.5*sin(60*sqrt(ld(0)+0.01)+2.2*sin(26*$x+3*T)-5*T),2))",
        "min(255,60+val*0.92)", "if(gt(val,240),214,val*0.62+max(0,val-190)*0.5)", "if(gt(val,240),140,96-val*0.12)", 4,
    )  # fmt: skip
    canvas = "gt(Y,H*0.38)*lt(Y,H*0.545)*lt(abs(X-W*0.18),(Y-H*0.38)*0.33)"
    sail = f"{canvas}+gt(Y,H*0.555)*lt(Y,H*0.58)*lt(abs(X-W*0.18),44-(Y-H*0.555)*2)"
    boat = c.silhouette(sail, 40, 14, 36)
    return f"{sea}[a];{boat},scroll=h=-0.0012[l];[a][l]blend=all_mode=darken"


def ribbons(c: Canvas) -> str:
    bands = "+".join(
        f"exp(-pow(($x-0.5-{wide}*sin({bend}*$y+{speed}*T+{phase}))*{thin},2))*(0.55+0.45*cos({bend}*$y+{speed}*T+{phase}))"
        for wide, bend, speed, phase, thin in (
            (0.34, 4.2, 1.7, 0, 7), (0.28, 5.6, -1.3, 1.4, 9), (0.38, 3.3, 1.1, 2.9, 6), (0.22, 7.1, -2.1, 4.2, 13),
        )
    )  # fmt: skip
    return c.moving(f"12+170*({bands})", "min(255,34+val*1.2)", "val*val/330", "44+val*0.34")


def lanterns(c: Canvas) -> str:
    layers = []
    for count, speed, seed in ((5, 0.12, 3.1), (9, 0.07, 8.7)):
        layers.append(
            f"st(0,{count}*$x*1.2+{seed});st(1,floor(ld(0)));st(2,{count}*($y/$a*1.2+{speed}*T)+5*sin(ld(1)*{seed}));st(3,floor(ld(2)));"
            f"st(4,abs(sin(12.9*ld(1)+78.2*ld(3)+{seed})));st(5,ld(0)-ld(1)-0.5-0.08*sin(2*T+9*ld(4)));st(6,ld(2)-ld(3)-0.5);"
            "st(7,gt(ld(4),0.45)*(200*lt(abs(ld(5)),0.15+0.06*ld(6))*lt(abs(ld(6)),0.22)*(0.75+0.8*ld(6))+90*exp(-14*(ld(5)*ld(5)+ld(6)*ld(6)))))"
        )
    value = f"{layers[0]};st(8,ld(7));{layers[1]};18+26*$y+max(ld(8),0.6*ld(7))"
    return c.moving(value, "min(255,val*1.15)", "8+val*0.62", "52+val*0.12", 4)


def donut(c: Canvas) -> str:
    side = c.width * 94 // 100 // 2 * 2
    far, angle = "hypot(X-W/2,Y-H/2)/W", "atan2(Y-H/2,X-W/2)"
    rim = f"(0.41+0.018*sin(9*{angle})+0.01*sin(4*{angle}+1))"
    seed = f"abs(sin(12.9*floor(11*{angle})+78.2*floor(22*{far})))"
    lie = f"mod(11*{angle},1)-0.5,(mod(22*{far},1)-0.5)"
    sprinkle = f"gt({seed},0.45)*lt(hypot({lie}*2.4),0.32)"
    shine = f"34*exp(-pow(({far}-0.27)*16,2))*(1+sin({angle}-2))"

    def paint(back: int, dough: int, glaze: int, bright: str) -> str:
        icing = f"if({sprinkle}*gt({far},0.17)*lt({far},{rim}-0.03),{bright},{glaze}+{shine})"
        body = f"if(gt({far},{rim})+lt({far},0.145+0.008*sin(7*{angle})),{dough}-120*abs({far}-0.3)+30,{icing})"
        return f"if(gt({far},0.46)+lt({far},0.115),{back},{body})"

    cake = Canvas(side, side, c.rate).still(
        paint(142, 222, 240, f"120+135*gt({seed},0.7)"),
        paint(212, 160, 118, f"90+165*lt(abs({seed}-0.75),0.15)"),
        paint(214, 96, 160, f"80+175*lt({seed},0.75)"),
    )
    return f"{cake},rotate=a=0.7*t:c=0x8ED4D6,pad={c.width}:{c.height}:-1:-1:0x8ED4D6"


def cat_eye(c: Canvas) -> str:
    return c.moving(
        "st(0,($x-0.5)*$a);st(1,$y-0.5);st(2,hypot(ld(0),ld(1)));st(3,atan2(ld(1),ld(0)));"
        "st(4,0.05+0.1*pow(0.5+0.5*sin(1.9*T),2));st(5,0.40*cos(ld(0)*1.75)-0.02);"
        "if(gt(abs(ld(1)),ld(5))+gt(abs(ld(0)),0.88),34+20*sin(70*ld(2)+9*sin(4*ld(3)))*exp(-0.6*ld(2))+8*sin(211*ld(3)),"
        "if(lt(hypot(ld(0)+0.12,ld(1)+0.16),0.055),255,"
        "if(lt(pow(ld(0)/ld(4),2)+pow(ld(1)/0.33,2),1),70,"
        "if(gt(ld(2),0.42),92,128+86*(1-abs(ld(2)-0.2)*2.6)+16*sin(44*ld(3)+3*sin(20*ld(2)))))))",
        "if(lt(val,66),val*1.9,if(lt(val,80),6,if(gt(val,240),255,val*0.82)))",
        "if(lt(val,66),val*1.15,if(lt(val,80),8,if(gt(val,240),255,val)))",
        "if(lt(val,66),val*0.55,if(lt(val,80),16,if(gt(val,240),255,(val-90)*0.42)))", 4,
    )  # fmt: skip


def plasma(c: Canvas, shift: float = 0.0) -> str:
    """What any ffmpeg can paint, in place of a picture that this one cannot; `shift` sets its colours."""
    value = "128+63*sin(6*$x+T+2*sin(3*$y/$a-T))+63*sin(5*$y/$a-1.3*T+2*sin(4*$x))"
    red, green, blue = (f"128+110*sin(val/60+{shift + turn})" for turn in (0, 2.1, 4.2))
    return c.moving(value, red, green, blue)


PAINTERS: dict[str, Painter] = {
    painter.__name__: painter
    for painter in (
        aurora, aurora_lake, neon, waves, lava, nebula, kaleidoscope, skyline, mandelbrot, dish, ripples, dunes,
        moonrise, star_trails, latte, clouds, bubbles, fireworks, snow, sunset, ribbons, lanterns, donut, cat_eye,
    )
}  # fmt: skip
